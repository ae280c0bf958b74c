import type { Logger } from '@sumveil/telemetry';
import { errorCode } from '@sumveil/telemetry';
import type { Database, Tx } from '../db/client.ts';
import { channels, type Notifications } from '../db/notify.ts';
import type { JobQueue } from '../queue/backend.ts';
import { type QueueName, queueNames, queueOf, type Topic } from '../queue/topics.ts';
import type { Timings } from '../timings.ts';

const BATCH = 100;

interface RelayOptions {
  readonly db: Database;
  readonly notify: Notifications;
  readonly queues: Record<QueueName, JobQueue>;
  readonly logger: Logger;
  readonly timings: Timings;
}

interface Row {
  readonly id: bigint;
  readonly topic: Topic;
  readonly ref: string;
  readonly delay: number;
}

/**
 * Carries outbox rows into the queue: on NOTIFY, and every `poll` in case one was missed. Any number of relays may run; each
 * takes rows the others have not locked. A row is marked after its job is in the queue, so a crash in between adds it again
 * under the same job id, which the queue ignores.
 */
export function startRelay(options: RelayOptions): { stop(): Promise<void> } {
  const { db, notify, logger, timings } = options;
  const stopping = new AbortController();
  const loop = async () => {
    while (!stopping.signal.aborted) {
      const look = () => carryBatch(options).then((moved) => (moved > 0 ? moved : undefined));
      try {
        const wait = { timeoutMs: 60_000, pollMs: timings.poll, signal: stopping.signal };
        await notify.wait(channels.outbox, look, wait);
      } catch (error) {
        logger.event('queue.error', { code: errorCode(error) });
        await backlog(db, logger).catch(() => {});
        await sleep(Math.min(1_000, timings.poll * 4), stopping.signal);
      }
    }
  };
  const done = loop();
  return {
    stop: async () => {
      stopping.abort();
      await done;
    },
  };
}

/** Moves one batch; returns how many rows. */
async function carryBatch({ db, queues }: RelayOptions): Promise<number> {
  let failure: unknown;
  const moved = await db.transaction(async (tx) => {
    const rows = await tx.$queryRaw<Row[]>`
      SELECT id, topic, ref, greatest(0, ceil(extract(epoch FROM available_at - now()) * 1000))::int AS delay
      FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT ${BATCH} FOR UPDATE SKIP LOCKED`;
    let count = 0;
    for (const name of queueNames) {
      const mine = rows.filter(({ topic }) => queueOf(topic) === name);
      if (mine.length === 0) continue;
      try {
        await queues[name].addBulk(mine.map(job));
        await mark(tx, mine, true);
        count += mine.length;
      } catch (error) {
        failure = error;
        await mark(tx, mine, false);
      }
    }
    return count;
  });
  if (failure !== undefined) throw failure;
  return moved;
}

function job({ id, topic, ref, delay }: Row) {
  return { name: topic, data: { ref }, opts: { jobId: `ob-${topic}-${id}`, ...(delay > 0 ? { delay } : {}) } };
}

async function mark(tx: Tx, rows: readonly Row[], published: boolean): Promise<void> {
  const ids = rows.map(({ id }) => id);
  await tx.$executeRaw`
    UPDATE outbox SET attempts = attempts + 1, published_at = CASE WHEN ${published} THEN now() END WHERE id = ANY(${ids})`;
}

async function backlog(db: Database, logger: Logger): Promise<void> {
  const [row] = await db.prisma.$queryRaw<{ waiting: number; oldest: number }[]>`
    SELECT count(*)::int AS waiting, coalesce(extract(epoch FROM now() - min(available_at)) * 1000, 0)::int AS oldest
    FROM outbox WHERE published_at IS NULL AND available_at <= now()`;
  if (row !== undefined) logger.event('outbox.backlog', { waiting: row.waiting, oldestMs: row.oldest });
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
