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
  const recoveries = results.flatMap((one) => met(one.recoveries)).toSorted((a, b) => a - b);
  const median = recoveries[Math.floor(recoveries.length / 2)];
  return {
    schedules: results.length,
    committedExact: count('committedExact'),
    abortedClean: count('abortedClean'),
    wrong: count('wrong'),
    hung: count('hung'),
    medianRecoverySeconds: median === undefined ? null : Math.round(median * 10) / 10,
    strikes: results.reduce((sum, { schedule }) => sum + schedule.strikes.length, 0),
    strikesMet: recoveries.length,
  };
}

function met(recoveries: ScheduleResult['recoveries']): number[] {
  return recoveries.filter((seconds) => seconds !== undefined);
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
