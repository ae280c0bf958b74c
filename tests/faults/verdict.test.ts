import { expect, it } from 'vitest';
import { unexcused } from './losses.ts';
import { holds, type Summary } from './schedule-report.ts';
import { type RoundEnd, unfinished } from './verdict.ts';

const released = (round: number, lost: number[] = []): RoundEnd => ({
  round,
  survivors: 8 - lost.length,
  lost,
  codes: [],
});
const aborted = (round: number): RoundEnd => ({ round, survivors: undefined, lost: [], codes: ['QUORUM'] });
const cohort = { tenants: Array.from({ length: 8 }), minCohort: 6 };

it('a completed run whose last round was aborted, or never opened, is no success', () => {
  expect(unfinished([released(1), aborted(2), released(3)], [1, 2, 3])).toEqual([]);
  expect(unfinished([released(1), aborted(2), aborted(3)], [1, 2, 3])).toEqual([
    'round 3 was aborted (QUORUM) and no round after it was released',
  ]);
  expect(unfinished([released(1), released(2)], [1, 2, 3])).toEqual([
    'the run is completed, but round 3 was never opened',
  ]);
});

it('only tenants whose connectors were struck may be lost, and a round aborted only when too many were', () => {
  const victims = [6, 7].map((idx) => ({ round: 2, idx }));
  expect(unexcused(cohort, [released(2, [6, 7]), released(3)], victims, 0)).toEqual([]);
  expect(unexcused(cohort, [released(2, [5, 7])], victims, 0)).toHaveLength(1);
  expect(unexcused(cohort, [released(2), released(3, [7])], victims, 0)).toHaveLength(1);
  expect(unexcused(cohort, [released(2), released(3, [7])], victims, 1)).toEqual([]);
  expect(unexcused(cohort, [aborted(2)], victims, 1)).toHaveLength(1);
  expect(unexcused(cohort, [aborted(2)], [...victims, { round: 2, idx: 5 }], 1)).toEqual([]);
});

it('a set of schedules in which everything was aborted does not pass', () => {
  const summary = (committedExact: number): Summary => ({
    schedules: 30,
    committedExact,
    abortedClean: 30 - committedExact,
    wrong: 0,
    hung: 0,
    medianRecoverySeconds: 1,
    strikes: 60,
    strikesMet: 60,
  });
  expect([holds(summary(18)), holds(summary(17)), holds(summary(0))]).toEqual([true, false, false]);
  expect(holds({ ...summary(29), abortedClean: 0, hung: 1 })).toBe(false);
});
