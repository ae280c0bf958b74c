import { errorCode, type Logger } from '@sumveil/telemetry';
import { digestOf } from '@sumveil/wire';
import type { Database } from '../db/client.ts';
import { channels, type Notifications } from '../db/notify.ts';
import type { SignKind } from '../deps.ts';
import { isCoordinatorError } from '../error.ts';
import type { Lease } from '../lease/lease.ts';
import { answerRequest, type SignRequestRow } from './answer.ts';
import type { CheckContext } from './check.ts';

/** A missed notification costs at most this (governance.md section 1, "Reaching the signer"). */
const LOOK_MS = 250;
/** Requests in work at once: each is its own transaction, and most of its time is spent waiting for Postgres. */
const AT_ONCE = 4;
/** Ids are given before their transactions commit, so one may appear behind others by this many. */
const SLACK = 1_000n;

export interface SignLoop {
  readonly db: Database;
  readonly notify: Notifications;
  readonly lease: Lease;
  readonly logger: Logger;
  readonly context: Omit<CheckContext, 'tx' | 'now'>;
}

/**
 * Answers requests as they are committed, oldest first. What waits for a quorum is looked at again when one is reached;
 * what fails for want of the database is looked at again at the next look.
 *
 * @returns resolves when `signal` is aborted or the lease is gone, with nothing in work
 */
export async function runSignLoop(o: SignLoop, signal: AbortSignal): Promise<void> {
  let wake = () => {};
  let woken = false;
  const onNews = () => {
    woken = true;
    wake();
  };
  const offs = [o.notify.on(channels.sign, onNews), o.notify.on(channels.quorum, onNews)];
  signal.addEventListener('abort', onNews);
  let floor = 0n;
  try {
    while (!signal.aborted) {
      woken = false;
      try {
        floor = await answerAll(o, floor, signal);
      } catch (error) {
        if (isCoordinatorError(error, 'FENCED')) return;
        o.logger.event('database.error', { code: errorCode(error) });
      }
      if (woken || signal.aborted) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LOOK_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  } finally {
    for (const off of offs) off();
    signal.removeEventListener('abort', onNews);
  }
}

/** One pass over everything unanswered. @returns the id below which nothing can be unanswered any more */
async function answerAll(o: SignLoop, floor: bigint, signal: AbortSignal): Promise<bigint> {
  const due = await unanswered(o.db, floor);
  const left: bigint[] = [];
  const queue = [...due];
  const work = async () => {
    for (let next = queue.shift(); next && !signal.aborted; next = queue.shift()) {
      if (!(await answerOne(o, next))) left.push(next.id);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const seen = due.at(-1)?.id ?? floor + SLACK;
  const candidates = [...left, ...queue.map((row) => row.id), seen > SLACK ? seen - SLACK : 0n];
  return candidates.reduce((least, id) => (id < least ? id : least));
}

async function unanswered(db: Database, floor: bigint): Promise<SignRequestRow[]> {
  const rows = await db.prisma.$queryRaw<{ id: bigint; kind: SignKind; subject: string; body: Uint8Array }[]>`
    SELECT id, kind, subject, body FROM sign_request r
    WHERE id >= ${floor} AND NOT EXISTS (SELECT 1 FROM signature s WHERE s.request_id = r.id)
    ORDER BY id LIMIT 256`;
  return rows.map((row) => ({ ...row, body: Buffer.from(row.body) }));
}

/** True when the request has its answer. */
async function answerOne(o: SignLoop, request: SignRequestRow): Promise<boolean> {
  const started = performance.now();
  try {
    const outcome = await o.db.transaction((tx) => answerRequest(tx, o.lease, o.context, request));
    if ('wait' in outcome) return false;
    if ('refuse' in outcome) o.logger.event('signer.refused', { kind: request.kind, code: outcome.refuse });
    else {
      const durationMs = Math.round(performance.now() - started);
      o.logger.event('signer.signed', { kind: request.kind, digest: digestOf(request.body), durationMs });
    }
    return true;
  } catch (error) {
    if (isCoordinatorError(error, 'FENCED')) throw error;
    o.logger.event('signer.refused', { kind: request.kind, code: errorCode(error) });
    return false;
  }
}
