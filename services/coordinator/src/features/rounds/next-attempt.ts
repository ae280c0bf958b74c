import type { Tx } from '../../db/client.ts';
import type { Deps } from '../../deps.ts';

/** Attempts of one round, and failed rounds in a row, after which a run gives up. */
export const mostFailures = 3;

/** Each further failure in a row makes the pause this many times as long. */
const GROWTH = 4;

/**
 * Until when a run waits after failed attempts; null when its last one did not fail. What makes tenants refuse or abort may pass by itself
 * (a table that is being written anew, a proof that lags), and they say so at once: without a pause three attempts were over
 * in a second or two, and with them the run. Counted from the opening of the last one, so that an attempt which
 * waited for its deadline is followed without a pause.
 */
export async function waitsUntil(tx: Tx, { timings }: Pick<Deps, 'timings'>, runId: string): Promise<Date | null> {
  const recent = await tx.attempt.findMany({
    where: { runId },
    orderBy: [{ round: 'desc' }, { attempt: 'desc' }],
    take: mostFailures,
    select: { phase: true, createdAt: true },
  });
  const good = recent.findIndex(({ phase }) => phase !== 'failed');
  const failures = good < 0 ? recent.length : good;
  if (failures === 0) return null;
  return new Date(recent[0]!.createdAt.getTime() + timings.attemptAgain * GROWTH ** (failures - 1));
}
