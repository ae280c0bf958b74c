import type { CallAnswer, Client } from '@sumveil/client';
import type { routes } from '@sumveil/wire';

export type RunStatus = CallAnswer<(typeof routes)['runStatus']>;
export type RoundView = RunStatus['rounds'][number];

/** Follows a run by long-polls; hands over every round once, when it has ended. */
export async function watchRun(
  client: Client<typeof routes>,
  runId: string,
  onRound: (round: RoundView, status: RunStatus) => void,
): Promise<RunStatus> {
  const told = new Set<string>();
  let seen: string | undefined;
  for (;;) {
    const status: RunStatus = await client.call('runStatus', {
      params: { runId },
      query: seen === undefined ? {} : { seen },
    });
    for (const round of status.rounds) {
      const key = `${round.round}/${round.attempt}`;
      if (round.endedAt === null || told.has(key)) continue;
      told.add(key);
      onRound(round, status);
    }
    if (status.run.state !== 'granting' && status.run.state !== 'running') return status;
    seen = status.seen;
  }
}

/** One line of at most 80 columns for a round. */
export function roundLine(round: RoundView): string {
  const seconds = round.endedAt
    ? `${((Date.parse(round.endedAt) - Date.parse(round.openedAt)) / 1000).toFixed(1)} s`
    : round.phase;
  const survivors =
    round.survivors === null
      ? (round.failCode ?? `${round.answered}/${round.cohort} answered`)
      : `${round.survivors}/${round.cohort} tenants`;
  const auc = round.metrics['test.auc'];
  const metric = round.metricsWithheld ? 'withheld' : typeof auc === 'number' ? `AUC ${auc.toFixed(4)}` : '';
  return `round ${String(round.round).padStart(2)}  ${round.stage.padEnd(11)} ${survivors.padEnd(15)} ${metric.padEnd(11)} ${seconds}`.trimEnd();
}

/** Why nothing happens after a failed attempt, in a line; none when nothing is waited for. */
export function waitText({ run, rounds }: RunStatus): string[] {
  if (run.waitsUntil === null) return [];
  return [`next attempt not before ${run.waitsUntil}: the last one failed (${rounds.at(-1)?.failCode ?? 'unknown'})`];
}
