import { channels } from '../../db/notify.ts';
import type { Deps } from '../../deps.ts';
import type { WitnessAnswer } from '../../log/witness-answer.ts';
import { createWitnessAnswers } from '../../log/witness-exchange.ts';
import { createWitnessRequests } from '../../log/witness-request.ts';

export interface Polled {
  readonly request: string | null;
  /** The witness stands beyond everything that is stored, as after a restored backup: it is asked to show its checkpoint. */
  readonly ahead?: true;
}

export type Poll = (tenantRef: string, size: bigint, signal: AbortSignal) => Promise<Polled>;

/**
 * Held open until a checkpoint beyond the witness's size is signed. The coordinator cannot call in, so the time from
 * signature to answer of all witnesses is what a round waits for.
 */
export function nextCheckpoint({ db, notify, log, timings }: Pick<Deps, 'db' | 'notify' | 'log' | 'timings'>): Poll {
  const requests = createWitnessRequests({ origin: log.origin, proofs: log.proofs, db, notify, viewMs: timings.poll });
  return async (tenantRef, size, signal) => {
    const look = () => requests.next(tenantRef, size);
    const waiting = { timeoutMs: timings.longPoll, pollMs: timings.longPollLook, signal };
    const found = await notify.wait(channels.checkpoint, look, waiting);
    return found === 'ahead' ? { request: null, ahead: true } : { request: found?.toString('utf8') ?? null };
  };
}

const NOTE_AT_MOST = 16_384;

export type Take = (tenantRef: string, answer: WitnessAnswer) => Promise<void>;

export function answerTaker({ db, log, logger, metrics, artifacts }: Deps): Take {
  const answers = createWitnessAnswers(db, log);
  const latest = { size: 0, quorum: 0 };
  metrics.gauge('sumveil_log_cosigned_size', 'Largest log size that a witness has cosigned', () => latest.size);
  metrics.gauge('sumveil_log_quorum_size', 'Largest log size that has the witnesses it needs', () => latest.quorum);
  return async (tenantRef, answer) => {
    const { kind, quorum } = await answers.receive(tenantRef, answer);
    if (kind === 'cosigned') latest.size = Math.max(latest.size, Number(answer.size));
    if (quorum) latest.quorum = Math.max(latest.quorum, Number(answer.size));
    // The other history, under the digest that the leaf names.
    if (kind === 'fork') await artifacts.put(Buffer.from(answer.note!, 'utf8'), { maxBytes: NOTE_AT_MOST });
    const said = { fork: 'FORK', claimed: 'FORK_CLAIMED', stale: undefined, refused: undefined };
    const code = kind === 'cosigned' ? (quorum ? 'QUORUM' : 'COSIGNED') : (said[kind] ?? `HTTP_${answer.status}`);
    logger.event('witness.answer', { code, size: Number(answer.size), tenantRef });
  };
}
