import type { Logger } from '@sumveil/telemetry';
import { errorCode } from '@sumveil/telemetry';
import type { Database, Tx } from '../db/client.ts';
import type { LeafLog } from '../log/leaf-log.ts';
import type { Topic } from '../queue/topics.ts';
import type { Timings } from '../timings.ts';
import { enqueue } from './enqueue.ts';

const actor = { kind: 'service', ref: 'coordinator', via: 'reconciler' } as const;

/** What a feature knows to be due, from its rows alone; the queue is never asked (invariant I1). */
export interface DueWork {
  readonly name: string;
  /** Work that is looked at again and again by design: nothing was lost, so no leaf and no event say that it came back. */
  readonly waits?: boolean;
  find(tx: Tx): Promise<ReadonlyArray<{ readonly topic: Topic; readonly ref: string }>>;
}

interface ReconcilerOptions {
  readonly db: Database;
  readonly log: Pick<LeafLog, 'appendLeaf'>;
  readonly due: readonly DueWork[];
  readonly logger: Logger;
  readonly timings: Timings;
}

/** Looks at once (a restart goes on from the rows) and then every `reconcile`. */
export function startReconciler(options: ReconcilerOptions): { stop(): Promise<void> } {
  let running: Promise<void> = Promise.resolve();
  const look = () => {
    running = running.then(async () => {
      try {
        await reconcile(options);
      } catch (error) {
        options.logger.event('database.error', { code: errorCode(error) });
      }
    });
  };
  look();
  const timer = setInterval(look, options.timings.reconcile);
  return {
    stop: async () => {
      clearInterval(timer);
      await running;
    },
  };
}

/**
 * Asks again for work that is due and has not been asked for within `unmoved`; an event and a leaf count what came back. Returns how many rows it
 * wrote.
 */
export async function reconcile({ db, log, due, logger, timings }: ReconcilerOptions): Promise<number> {
  let written = 0;
  for (const source of due) {
    const brought = await db.transaction(async (tx) => {
      const brought = new Map<Topic, number>();
      for (const { topic, ref } of await source.find(tx)) {
        if (await moving(tx, topic, ref, timings.unmoved)) continue;
        const slot = Math.floor(Date.now() / timings.unmoved);
        if (!(await enqueue(tx, { topic, ref, dedupe: `due-${topic}-${ref}-${slot}` }))) continue;
        brought.set(topic, (brought.get(topic) ?? 0) + 1);
      }
      for (const [kind, count] of source.waits ? [] : brought)
        await log.appendLeaf(tx, { type: 'recovery.reconciled', actor, kind, count });
      return brought;
    });
    for (const [kind, count] of brought) {
      if (!source.waits) logger.event('recovery.reconciled', { kind, waiting: count });
      written += count;
    }
  }
  await forget(db);
  return written;
}

/** A row that waits for the relay, or came into the queue or to its time a short while ago; a later look is no work now. */
async function moving(tx: Tx, topic: Topic, ref: string, unmovedMs: number): Promise<boolean> {
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM outbox WHERE topic = ${topic} AND ref = ${ref} AND
      available_at <= now() AND
      (published_at IS NULL OR greatest(published_at, available_at) > now() - make_interval(secs => ${unmovedMs / 1000}))
    LIMIT 1`;
  return rows.length > 0;
}

/** Handed-over rows are kept for a day: their dedupe keys outlive every retry of the change that wrote them. */
async function forget(db: Database): Promise<void> {
  await db.prisma
    .$executeRaw`DELETE FROM outbox WHERE published_at < now() - interval '1 day' AND available_at < now() - interval '1 day'`;
}
