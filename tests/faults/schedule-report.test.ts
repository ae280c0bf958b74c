import { expect, it } from 'vitest';
import type { ScheduleResult } from './schedule.ts';
import { summaryOf, summaryText } from './schedule-report.ts';

it('takes the mean of the two in the middle as the median of an even number', () => {
  const result = {
    schedule: { seed: 1, strikes: [] },
    outcome: 'committedExact',
    recoveries: [5.3, undefined, 2.9],
    rounds: [],
    faults: [],
  } as unknown as ScheduleResult;
  const summary = summaryOf([result]);
  expect(summary.medianRecoverySeconds).toBe(4.1);
  expect(summaryText(summary)).toMatch(/^1 schedules: 1 committedExact, .*\n2 of 0 strikes/);
  expect(summaryOf([]).medianRecoverySeconds).toBeNull();
});
