import { channels } from '../../db/notify.ts';
import type { Deps } from '../../deps.ts';
import type { WitnessAnswer } from '../../log/witness-answer.ts';
import { createWitnessAnswers, recordFork } from '../../log/witness-exchange.ts';
import { createWitnessRequests } from '../../log/witness-request.ts';

export type Poll = (tenantRef: string, size: bigint, signal: AbortSignal) => Promise<string | null>;

/**
 * Held open until a checkpoint beyond the witness's size is signed. The coordinator cannot call in, so the time from
 * signature to answer of all witnesses is what a round waits for.
 */
export function nextCheckpoint({ db, notify, log, timings }: Deps): Poll {
  const requests = createWitnessRequests({ origin: log.origin, proofs: log.proofs, db, notify });
  return async (tenantRef, size, signal) => {
    const look = () => requests.next(tenantRef, size);
    const waiting = { timeoutMs: timings.longPoll, pollMs: timings.longPollLook, signal };
    const found = await notify.wait(channels.checkpoint, look, waiting);
    if (found !== 'ahead') return found?.toString('utf8') ?? null;
    // The witness stands beyond everything that is stored: a restored backup would now grow a second history.
    await db.transaction((tx) => recordFork(tx, log, size));
    return null;
  };
}

export type Take = (tenantRef: string, answer: WitnessAnswer) => Promise<void>;

export function answerTaker({ db, log, logger, metrics }: Deps): Take {
  const answers = createWitnessAnswers(db, log);
  const latest = { size: 0, quorum: 0 };
  metrics.gauge('sumveil_log_cosigned_size', 'Largest log size that a witness has cosigned', () => latest.size);
  metrics.gauge('sumveil_log_quorum_size', 'Largest log size that has the witnesses it needs', () => latest.quorum);
  return async (tenantRef, answer) => {
    const { kind, quorum } = await answers.receive(tenantRef, answer);
    if (kind === 'cosigned') latest.size = Math.max(latest.size, Number(answer.size));
    if (quorum) latest.quorum = Math.max(latest.quorum, Number(answer.size));
    const code =
      kind === 'cosigned' ? (quorum ? 'QUORUM' : 'COSIGNED') : kind === 'fork' ? 'FORK' : `HTTP_${answer.status}`;
    logger.event('witness.answer', { code, size: Number(answer.size), tenantRef });
  };
}
