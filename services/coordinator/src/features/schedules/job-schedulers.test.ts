import { createLogger, createMetrics } from '@sumveil/telemetry';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestPostgres, type TestPostgres } from '../../../../../tests/constellation/postgres.ts';
import { startTestRedis, type TestRedis } from '../../../../../tests/constellation/redis.ts';
import { type Database, openDatabase } from '../../db/client.ts';
import { type JobQueue, type QueueBackend, queueBackend } from '../../queue/backend.ts';
import { startDispatch } from '../../queue/dispatch.ts';
import { defaultTimings } from '../../timings.ts';
import { alignJobSchedulers } from './job-schedulers.ts';

const logger = createLogger({ process: 'worker', stream: { write: () => {} } });
const metrics = createMetrics({ process: 'worker' });
let postgres: TestPostgres;
let redis: TestRedis;

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startTestPostgres(), startTestRedis()]);
});

afterAll(async () => {
  await Promise.all([postgres.stop(), redis.stop()]);
});

describe.each(['postgres', 'redis'] as const)('job schedulers on %s', (kind) => {
  let db: Database;
  let owner: pg.Client;
  let backend: QueueBackend;
  let queue: JobQueue;

  beforeAll(async () => {
    const urls = await postgres.fresh();
    db = openDatabase(urls.worker);
    owner = new pg.Client({ connectionString: urls.superuser });
    await owner.connect();
    backend = queueBackend(kind === 'redis' ? redis.url : urls.worker, { logger, timings: defaultTimings });
    queue = backend.createQueue('rounds');
    await queue.waitUntilReady();
    await owner.query(`INSERT INTO plan (digest, bytes, name, requester_ref) VALUES ('d', '', 'toy', 'r')`);
  });

  afterAll(async () => {
    await queue?.close();
    await owner?.end();
    await db?.close();
  });

  const add = (id: string, cron: string) =>
    owner.query(
      `INSERT INTO schedule (id, plan_digest, cron, zone, window_minutes, ticket, created_by, next_at)
       VALUES ($1, 'd', $2, 'Europe/Berlin', 60, 't', 'r', now() + interval '1 day')`,
      [id, cron],
    );
  const known = async () =>
    (await queue.getJobSchedulers(0, -1)).map(({ key, pattern, tz }) => [key, pattern, tz]).toSorted();

  it('are made from the rows, once, with one delayed job each that carries the id alone', async () => {
    await add('schedule-one', '0 2 * * *');
    await add('schedule-two', '0 3 * * 1');
    await alignJobSchedulers(db, queue);
    const jobs = await queue.getDelayed();
    await alignJobSchedulers(db, queue);
    expect(await known()).toEqual([
      ['schedule-one', '0 2 * * *', 'Europe/Berlin'],
      ['schedule-two', '0 3 * * 1', 'Europe/Berlin'],
    ]);
    const again = await queue.getDelayed();
    expect(again.map(({ id }) => id).toSorted()).toEqual(jobs.map(({ id }) => id).toSorted());
    expect(again.map(({ name, data }) => [name, data.ref]).toSorted()).toEqual([
      ['schedule.occur', 'schedule-one'],
      ['schedule.occur', 'schedule-two'],
    ]);
  });

  it('go with their rows', async () => {
    await owner.query(`UPDATE schedule SET state = 'paused', next_at = NULL WHERE id = 'schedule-two'`);
    await alignJobSchedulers(db, queue);
    expect((await known()).map(([key]) => key)).toEqual(['schedule-one']);
    expect(await queue.getDelayedCount()).toBe(1);
  });

  it('send their job when the moment comes', async () => {
    await add('schedule-now', '* * * * * *');
    await alignJobSchedulers(db, queue);
    const { promise, resolve } = Promise.withResolvers<string>();
    const handle = async ({ ref }: { ref: string }) => resolve(ref);
    const bindings = [{ topic: 'schedule.occur' as const, handle }];
    const dispatch = startDispatch({ backend, bindings, logger, metrics, timings: defaultTimings });
    expect(await promise).toBe('schedule-now');
    await dispatch.stop();
    await owner.query(`UPDATE schedule SET state = 'removed', next_at = NULL WHERE id = 'schedule-now'`);
    await alignJobSchedulers(db, queue);
    expect((await known()).map(([key]) => key)).toEqual(['schedule-one']);
  });

  it('come back after the queue was emptied', async () => {
    await queue.obliterate({ force: true });
    expect(await known()).toEqual([]);
    await alignJobSchedulers(db, queue);
    expect((await known()).map(([key]) => key)).toEqual(['schedule-one']);
    expect(await queue.getDelayedCount()).toBe(1);
  });
});
