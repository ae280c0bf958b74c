import { errorCode, type Logger } from '@sumveil/telemetry';
import { digestOf } from '@sumveil/wire';
import type { Database } from '../db/client.ts';
import { isPassing } from '../db/faults.ts';
import { channels, type Notifications } from '../db/notify.ts';
import { isCoordinatorError } from '../error.ts';
import type { Lease } from '../lease/lease.ts';
import type { Timings } from '../timings.ts';
import { answerRequest, refuseBroken, type SignRequestRow } from './answer.ts';
import type { CheckContext } from './check.ts';
import { createPauses, type Pauses } from './pauses.ts';

/** Requests in work at once: each is its own transaction, and most of its time is spent waiting for Postgres. */
const AT_ONCE = 4;
/** Ids are given before their transactions commit, so one may appear behind others by this many. */
const SLACK = 1_000n;
const PAGE = 256;

export interface SignLoop {
  readonly db: Database;
  readonly notify: Notifications;
  readonly lease: Lease;
  readonly logger: Logger;
  /** A missed notification costs at most `poll` (governance.md section 1, "Reaching the signer"). */
  readonly timings: Timings;
  readonly context: Omit<CheckContext, 'tx' | 'now' | 'orderedAt'>;
}

/**
 * Answers requests as they are committed, oldest first. What waits for the sequencer or a quorum is looked at again when they
 * have done their part;
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
  const offs = [channels.sign, channels.checkpoint, channels.quorum].map((channel) => o.notify.on(channel, onNews));
  signal.addEventListener('abort', onNews);
  const pauses = createPauses(o.timings);
  let floor = 0n;
  try {
    while (!signal.aborted) {
      woken = false;
      try {
        floor = await answerAll(o, pauses, floor, signal);
      } catch (error) {
        if (isCoordinatorError(error, 'FENCED')) return;
        o.logger.event('database.error', { code: errorCode(error) });
      }
      if (woken || signal.aborted) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, o.timings.poll);
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

/**
 * One pass over everything unanswered, page by page, so that requests which wait or fail never hide the ones behind them.
 *
 * @returns the id below which nothing can be unanswered any more
 */
async function answerAll(o: SignLoop, pauses: Pauses, floor: bigint, signal: AbortSignal): Promise<bigint> {
  let from = floor;
  let seen = floor + SLACK;
  let least: bigint | undefined;
  for (;;) {
    const page = await unanswered(o.db, from);
    const left = await answerPage(o, pauses, page, signal);
    least ??= left.toSorted((a, b) => (a < b ? -1 : 1))[0];
    seen = page.at(-1)?.id ?? seen;
    if (page.length < PAGE || signal.aborted) break;
    from = seen + 1n;
  }
  const sure = seen > SLACK ? seen - SLACK : 0n;
  return least !== undefined && least < sure ? least : sure;
}

/** @returns ids that have no answer yet */
async function answerPage(
  o: SignLoop,
  pauses: Pauses,
  page: readonly SignRequestRow[],
  signal: AbortSignal,
): Promise<bigint[]> {
  const left: bigint[] = [];
  const queue = [...page];
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const answered = !signal.aborted && !pauses.rests(next.id) && (await answerOne(o, pauses, next));
      if (!answered) left.push(next.id);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return left;
}

type Asked = Omit<SignRequestRow, 'body'> & { body: Uint8Array };

async function unanswered(db: Database, from: bigint): Promise<SignRequestRow[]> {
  const rows = await db.prisma.$queryRaw<Asked[]>`
    SELECT id, kind, subject, body, created_at AS "orderedAt" FROM sign_request r
    WHERE id >= ${from} AND NOT EXISTS (SELECT 1 FROM signature s WHERE s.request_id = r.id)
    ORDER BY id LIMIT ${PAGE}`;
  return rows.map((row) => ({ ...row, body: Buffer.from(row.body) }));
}

/** True when the request has its answer. */
async function answerOne(o: SignLoop, pauses: Pauses, request: SignRequestRow): Promise<boolean> {
  const started = performance.now();
  try {
    const outcome = await o.db
      .transaction((tx) => answerRequest(tx, o.lease, o.context, request))
      .catch((error: unknown) => {
        if (isCoordinatorError(error, 'FENCED') || isPassing(error)) throw error;
        return o.db.transaction((tx) => refuseBroken(tx, o.lease, o.context.log, request));
      });
    pauses.forget(request.id);
    if ('wait' in outcome) return false;
    if ('refuse' in outcome) o.logger.event('signer.refused', { kind: request.kind, code: outcome.refuse });
    else {
      const durationMs = Math.round(performance.now() - started);
      o.logger.event('signer.signed', { kind: request.kind, digest: digestOf(request.body), durationMs });
    }
    return true;
  } catch (error) {
    if (isCoordinatorError(error, 'FENCED')) throw error;
    pauses.failed(request.id);
    o.logger.event('signer.refused', { kind: request.kind, code: errorCode(error) });
    return false;
  }
}
