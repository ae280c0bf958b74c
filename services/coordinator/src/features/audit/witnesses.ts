import { channels } from '../../db/notify.ts';
import type { Deps } from '../../deps.ts';
import type { WitnessAnswer } from '../../log/witness-answer.ts';
import { receiveAnswer, recordFork } from '../../log/witness-exchange.ts';
import { createWitnessRequests } from '../../log/witness-request.ts';

export type Poll = (tenantRef: string, size: bigint, signal: AbortSignal) => Promise<string | null>;

/**
 * Held open until a checkpoint beyond the witness's size is signed. The coordinator cannot call in, so the time from
 * signature to answer of all witnesses is what a round waits for.
 */
export function nextCheckpoint({ db, notify, log, timings }: Deps): Poll {
  const requests = createWitnessRequests(log.origin, log.proofs);
  return async (tenantRef, size, signal) => {
    const look = () => requests.next(db.prisma, tenantRef, size);
    const waiting = { timeoutMs: timings.longPoll, pollMs: timings.longPollLook, signal };
    const found = await notify.wait(channels.checkpoint, look, waiting);
    if (found !== 'ahead') return found?.toString('utf8') ?? null;
    // The witness stands beyond everything that is stored: a restored backup would now grow a second history.
    await db.transaction((tx) => recordFork(tx, log, size));
    return null;
  };
}

export async function takeAnswer({ db, log, logger }: Deps, tenantRef: string, answer: WitnessAnswer): Promise<void> {
  const { kind, quorum } = await receiveAnswer(db, log, tenantRef, answer);
  const code =
    kind === 'cosigned' ? (quorum ? 'QUORUM' : 'COSIGNED') : kind === 'fork' ? 'FORK' : `HTTP_${answer.status}`;
  logger.event('witness.answer', { code, size: Number(answer.size), tenantRef });
}
