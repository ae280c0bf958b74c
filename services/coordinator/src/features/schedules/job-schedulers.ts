import { errorCode, type Logger } from '@sumveil/telemetry';
import type { Database } from '../../db/client.ts';
import { channels, type Notifications } from '../../db/notify.ts';
import type { Schedule } from '../../generated/prisma/client.ts';
import type { JobQueue } from '../../queue/backend.ts';
import type { Topic } from '../../queue/topics.ts';
import type { Timings } from '../../timings.ts';

const topic: Topic = 'schedule.occur';
const ours = /^schedule-/;

interface Options {
  readonly db: Database;
  readonly notify: Notifications;
  readonly queue: JobQueue;
  readonly logger: Logger;
  readonly timings: Timings;
}

/**
 * Keeps BullMQ's job schedulers as the rows say: at start, after each change, and every `reconcile` for a queue that was
 * emptied. They are there so that an occurrence comes on the minute; whether it is due, the row says (invariant I1).
 */
export function startJobSchedulers(options: Options): { stop(): Promise<void> } {
  const { db, notify, queue, logger, timings } = options;
  let running: Promise<void> = Promise.resolve();
  const look = () => {
    running = running.then(() =>
      alignJobSchedulers(db, queue).catch((error: unknown) => logger.event('queue.error', { code: errorCode(error) })),
    );
  };
  look();
  const timer = setInterval(look, timings.reconcile);
  const unsubscribe = notify.on(channels.schedule, look);
  return {
    stop: async () => {
      clearInterval(timer);
      unsubscribe();
      await running;
    },
  };
}

/** Adds what is missing or differs and removes what has no active row. What agrees is left alone: an upsert would draw its next job anew. */
export async function alignJobSchedulers(db: Database, queue: JobQueue): Promise<void> {
  const rows = await db.prisma.schedule.findMany({ where: { state: 'active' } });
  const known = new Map((await queue.getJobSchedulers(0, -1)).map((one) => [one.key, one]));
  for (const row of rows) {
    if (!agrees(row, known.get(row.id))) await queue.upsertJobScheduler(row.id, repeatOf(row), templateOf(row));
  }
  const active = new Set(rows.map(({ id }) => id));
  for (const key of known.keys()) if (ours.test(key) && !active.has(key)) await queue.removeJobScheduler(key);
}

function repeatOf({ cron, zone, endsAt }: Schedule) {
  return { pattern: cron, tz: zone, ...(endsAt ? { endDate: endsAt } : {}) };
}

function templateOf({ id }: Schedule) {
  return { name: topic, data: { ref: id } };
}

function agrees({ cron, zone }: Schedule, known: { pattern?: string; tz?: string } | undefined): boolean {
  return known?.pattern === cron && known.tz === zone;
}
