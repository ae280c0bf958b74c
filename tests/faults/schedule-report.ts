import type { ScheduleResult } from './schedule.ts';
import type { Outcome } from './verdict.ts';

/** A coordinator that gave up every round would be wrong in none; of enough schedules so many have to be committed. */
const LEAST_COMMITTED = 0.6;
const ENOUGH_SCHEDULES = 10;

export type Summary = {
  schedules: number;
  medianRecoverySeconds: number | null;
  /** Planned, and met in their place. */
  strikes: number;
  strikesMet: number;
} & Record<Outcome, number>;

/** True when nothing was wrong or hung, and enough was committed. */
export function holds({ schedules, committedExact, wrong, hung }: Summary): boolean {
  const least = schedules < ENOUGH_SCHEDULES ? 0 : LEAST_COMMITTED * schedules;
  return wrong + hung === 0 && committedExact >= least;
}

export function summaryOf(results: readonly ScheduleResult[]): Summary {
  const count = (outcome: Outcome) => results.filter((one) => one.outcome === outcome).length;
  const recoveries = results.flatMap((one) => met(one.recoveries));
  return {
    schedules: results.length,
    committedExact: count('committedExact'),
    abortedClean: count('abortedClean'),
    wrong: count('wrong'),
    hung: count('hung'),
    medianRecoverySeconds: recoveries.length === 0 ? null : Math.round(medianOf(recoveries) * 10) / 10,
    strikes: results.reduce((sum, { schedule }) => sum + schedule.strikes.length, 0),
    strikesMet: recoveries.length,
  };
}

/** The mean of the two in the middle when their number is even. */
function medianOf(seconds: readonly number[]): number {
  const sorted = seconds.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

function met(recoveries: ScheduleResult['recoveries']): number[] {
  return recoveries.filter((seconds) => seconds !== undefined);
}

/** What the lines of schedules hold, said before the first. */
export const LEGEND =
  'seed: outcome [survivors of each round, or why it was aborted] recovery after each strike\n    round/phase, who was struck by which signal';

/** The summary for people. */
export function summaryText(s: Summary): string {
  const recovery = s.medianRecoverySeconds === null ? 'none' : `${s.medianRecoverySeconds} s`;
  return [
    `${s.schedules} schedules: ${s.committedExact} committedExact, ${s.abortedClean} abortedClean, ${s.wrong} wrong, ${s.hung} hung`,
    `${s.strikesMet} of ${s.strikes} strikes met in their place; median recovery ${recovery}`,
  ].join('\n');
}

/** One line a schedule: seed, what was struck, what came of it. */
export function scheduleLine({ schedule, outcome, recoveries, rounds, faults, logs }: ScheduleResult): string {
  const strikes = schedule.strikes.map(({ round, phase, blows }) => {
    const struck = blows.map(({ target, signal }) => `${target} ${signal.slice(3)}`).join(' + ');
    return `${round}/${phase} ${struck}`;
  });
  const ends = rounds.map(({ survivors, codes }) => survivors ?? codes.join('+')).join(' ');
  const seconds = recoveries.map((one) => one?.toFixed(1) ?? 'not met').join(' ');
  const text = `seed ${schedule.seed}: ${outcome} [${ends}] ${seconds} s\n    ${strikes.join('; ')}`;
  return [text, ...faults.map((fault) => `    ${fault}`), ...(logs ? [`    logs: ${logs}`] : [])].join('\n');
}
