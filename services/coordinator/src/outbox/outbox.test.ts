import { createLogger, createMetrics } from '@sumveil/telemetry';
import { parseLeaf } from '@sumveil/transparency';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestPostgres, type TestPostgres } from '../../../../tests/constellation/postgres.ts';
import { startTestRedis, type TestRedis } from '../../../../tests/constellation/redis.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { type Notifications, openNotifications } from '../db/notify.ts';
import { CoordinatorError } from '../error.ts';
import { createLeafLog } from '../log/leaf-log.ts';
import { type JobQueue, type QueueBackend, queueBackend } from '../queue/backend.ts';
import { type Dispatch, startDispatch } from '../queue/dispatch.ts';
import type { QueueName } from '../queue/topics.ts';
import { defaultTimings } from '../timings.ts';
import { enqueue } from './enqueue.ts';
import { reconcile } from './reconciler.ts';
import { startRelay } from './relay.ts';

const lines: string[] = [];
const logger = createLogger({ process: 'worker', stream: { write: (line) => lines.push(line) } });
const metrics = createMetrics({ process: 'worker' });
const timings = { ...defaultTimings, unmoved: 1_000, shutdown: 3_000 };

let postgres: TestPostgres;
let redis: TestRedis;

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startTestPostgres(), startTestRedis()]);
});

afterAll(async () => {
  await Promise.all([postgres.stop(), redis.stop()]);
});

describe.each(['postgres', 'redis'] as const)('outbox over %s', (kind) => {
  let db: Database;
  let notify: Notifications;
  let backend: QueueBackend;
  let queues: Record<QueueName, JobQueue>;
  let relay: { stop(): Promise<void> };
  let dispatch: Dispatch;
  const done: { topic: string; ref: string; at: number }[] = [];
  const waiting = new Map<string, () => void>();
  let busy = 0;
  let away = 0;

  const handle = (topic: string) => async (ref: string) => {
    if (ref.startsWith('busy') && busy < 3) {
      busy += 1;
      throw new CoordinatorError('LEASE_BUSY', 'held by another');
    }
    if (ref === 'away' && away < 8) {
      away += 1;
      // What a read outside a transaction raises while Postgres restarts: no error of ours.
      throw Object.assign(new Error('read failed'), { cause: { originalCode: '57P01' } });
    }
    done.push({ topic, ref, at: Date.now() });
    waiting.get(ref)?.();
  };
  const finished = (ref: string) =>
    new Promise<void>((resolve) => {
      if (done.some((job) => job.ref === ref)) resolve();
      else waiting.set(ref, resolve);
    });

  beforeAll(async () => {
    const urls = await postgres.fresh();
    db = openDatabase(urls.worker);
    notify = await openNotifications(urls.worker, { logger });
    backend = queueBackend(kind === 'redis' ? redis.url : urls.worker, { logger, timings });
    queues = { rounds: backend.createQueue('rounds'), chunks: backend.createQueue('chunks') };
    const topics = ['attempt.advance', 'chunk.sum'] as const;
    const bindings = topics.map((topic) => ({ topic, handle: ({ ref }: { ref: string }) => handle(topic)(ref) }));
    dispatch = startDispatch({ backend, bindings, logger, metrics, timings });
    relay = startRelay({ db, notify, queues, logger, timings });
  });

  afterAll(async () => {
    await Promise.all([relay.stop(), dispatch.stop()]);
    await Promise.all(Object.values(queues).map((queue) => queue.close()));
    await notify.close();
    await db.close();
  });

  const ask = (ref: string, more: { topic?: 'attempt.advance' | 'chunk.sum'; availableAt?: Date } = {}) =>
    db.transaction((tx) => enqueue(tx, { topic: 'attempt.advance', ref, dedupe: ref, ...more }));

  it('carries committed work to its handler, each topic by its queue', async () => {
    await ask('first');
    await ask('a/0/1', { topic: 'chunk.sum' });
    await Promise.all([finished('first'), finished('a/0/1')]);
    expect(done).toContainEqual(expect.objectContaining({ topic: 'attempt.advance', ref: 'first' }));
    expect(done).toContainEqual(expect.objectContaining({ topic: 'chunk.sum', ref: 'a/0/1' }));
  });

  it('asks once for one change', async () => {
    expect(await ask('once')).toBe(true);
    expect(await ask('once')).toBe(false);
    await ask('after');
    await finished('after');
    expect(done.filter(({ ref }) => ref === 'once')).toHaveLength(1);
  });

  it('carries nothing of a transaction that rolled back', async () => {
    const failed = db.transaction(async (tx) => {
      await enqueue(tx, { topic: 'attempt.advance', ref: 'never', dedupe: 'never' });
      throw new Error('business rule');
    });
    await expect(failed).rejects.toThrow('business rule');
    await ask('later');
    await finished('later');
    expect(done.some(({ ref }) => ref === 'never')).toBe(false);
  });

  it('waits until the time that the row names', async () => {
    const availableAt = new Date(Date.now() + 700);
    await ask('timed', { availableAt });
    await finished('timed');
    expect(done.find(({ ref }) => ref === 'timed')!.at).toBeGreaterThanOrEqual(availableAt.getTime() - 20);
  });

  it('tries again soon when the lease is held, without using up attempts', async () => {
    await ask('busy');
    await finished('busy');
    expect(busy).toBe(3);
    busy = 0;
  });

  it('tries again soon while the database is away, more often than a job may fail (F8)', async () => {
    away = 0;
    await ask('away');
    await finished('away');
    expect(away).toBe(8);
  });

  it('brings back work whose job was lost, from the rows alone (I1)', async () => {
    const told = lines.filter((line) => line.includes('recovery.reconciled')).length;
    const log = createLeafLog({ origin: 'log.example/outbox', db, notify, timings });
    const due = [{ name: 'test', find: async () => [{ topic: 'attempt.advance' as const, ref: 'lost' }] }];
    // Published, but the queue never had it: what an emptied queue looks like.
    await db.prisma.$executeRaw`INSERT INTO outbox (topic, ref, dedupe, published_at, available_at)
      VALUES ('attempt.advance', 'lost', 'lost', now(), now())`;
    expect(await reconcile({ db, log, due, logger, timings })).toBe(0);
    await db.prisma
      .$executeRaw`UPDATE outbox SET published_at = now() - interval '1 minute', available_at = now() - interval '1 minute' WHERE ref = 'lost'`;
    expect(await reconcile({ db, log, due, logger, timings })).toBe(1);
    expect(lines.filter((line) => line.includes('recovery.reconciled'))).toHaveLength(told + 1);
    const leaves = await db.prisma.auditPending.findMany({ where: { key: { startsWith: '["recovery.reconciled"' } } });
    expect(leaves.map(({ leaf }) => parseLeaf(leaf))).toMatchObject([{ kind: 'attempt.advance', count: 1 }]);
    await finished('lost');
  });

  it('looks again at work that waits by design, and tells nobody that it came back', async () => {
    const told = lines.filter((line) => line.includes('recovery.reconciled')).length;
    const log = createLeafLog({ origin: 'log.example/outbox', db, notify, timings });
    const due = [
      { name: 'test', waits: true, find: async () => [{ topic: 'attempt.advance' as const, ref: 'held-back' }] },
    ];
    const leaves = () => db.prisma.auditPending.count({ where: { key: { startsWith: '["recovery.reconciled"' } } });
    const before = await leaves();
    expect(await reconcile({ db, log, due, logger, timings })).toBe(1);
    await finished('held-back');
    expect(lines.filter((line) => line.includes('recovery.reconciled'))).toHaveLength(told);
    expect(await leaves()).toBe(before);
  });
});

it('keeps rows waiting while the queue is down, and says so', async () => {
  const urls = await postgres.fresh();
  const db = openDatabase(urls.worker);
  const notify = await openNotifications(urls.worker, { logger });
  const backend = queueBackend('redis://127.0.0.1:1', { logger, timings });
  const queues = { rounds: backend.createQueue('rounds'), chunks: backend.createQueue('chunks') };
  const relay = startRelay({ db, notify, queues, logger, timings });
  try {
    await db.transaction((tx) => enqueue(tx, { topic: 'round.open', ref: 'r', dedupe: 'r' }));
    await expect.poll(() => lines.some((line) => line.includes('outbox.backlog'))).toBe(true);
    const row = await db.prisma.outbox.findFirstOrThrow({ where: { ref: 'r' } });
    expect(row.publishedAt).toBeNull();
    expect(row.attempts).toBeGreaterThan(0);
  } finally {
    await relay.stop();
    await Promise.allSettled(Object.values(queues).map((queue) => queue.close()));
    await notify.close();
    await db.close();
  }
});
