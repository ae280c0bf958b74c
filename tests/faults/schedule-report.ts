import type { ScheduleResult } from './schedule.ts';
import type { Outcome } from './verdict.ts';

export type Summary = { schedules: number; medianRecoverySeconds: number | null } & Record<Outcome, number>;

export function summaryOf(results: readonly ScheduleResult[]): Summary {
  const count = (outcome: Outcome) => results.filter((one) => one.outcome === outcome).length;
  const recoveries = results.flatMap((one) => one.recoveries).toSorted((a, b) => a - b);
  const median = recoveries[Math.floor(recoveries.length / 2)];
  return {
    schedules: results.length,
    committedExact: count('committedExact'),
    abortedClean: count('abortedClean'),
    wrong: count('wrong'),
    hung: count('hung'),
    medianRecoverySeconds: median === undefined ? null : Math.round(median * 10) / 10,
  };
}

/** One line a schedule: seed, what was struck, what came of it. */
export function scheduleLine({ schedule, outcome, recoveries, rounds, faults, logs }: ScheduleResult): string {
  const strikes = schedule.strikes.map(({ round, phase, blows }) => {
    const struck = blows.map(({ target, signal }) => `${target} ${signal.slice(3)}`).join(' + ');
    return `${round}/${phase} ${struck}`;
  });
  const ends = rounds.map(({ survivors, codes }) => survivors ?? codes.join('+')).join(' ');
  const seconds = recoveries.map((one) => one.toFixed(1)).join(' ');
  const text = `seed ${schedule.seed}: ${outcome} [${ends}] ${seconds} s\n    ${strikes.join('; ')}`;
  return [text, ...faults.map((fault) => `    ${fault}`), ...(logs ? [`    logs: ${logs}`] : [])].join('\n');
}
