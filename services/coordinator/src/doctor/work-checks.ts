import { bad, type Check, good, warn } from '@sumveil/client';
import { errorCode } from '@sumveil/telemetry';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import type { WorkerConfig } from '../config.ts';
import { pinned } from '../db/pinned.ts';
import type { Db } from './database-checks.ts';

/** Work that is due and was not handed over for this long is not on its way. */
const STUCK_SECONDS = 60;

export async function outboxCheck(db: Db): Promise<Check> {
  const [row] = await db.$queryRaw<{ due: number; stuck: number; oldest: number }[]>`
    SELECT count(*)::int AS due, coalesce(max(extract(epoch FROM now() - available_at)), 0)::int AS oldest,
      count(*) FILTER (WHERE available_at < now() - make_interval(secs => ${STUCK_SECONDS}))::int AS stuck
    FROM outbox WHERE published_at IS NULL AND available_at <= now()`;
  const { due, stuck, oldest } = row!;
  if (stuck === 0)
    return good(
      'outbox',
      due === 0 ? 'no work waits for the queue' : `${due} jobs wait for the queue, for ${oldest} s at most`,
    );
  return bad(
    'outbox',
    `${stuck} jobs wait for the queue, the oldest for ${oldest} s`,
    'Start a worker; if one runs, its queue is away: look at its doctor.',
  );
}

export async function signerCheck(db: Db): Promise<Check> {
  const [lease] = await db.$queryRaw<{ held: boolean }[]>`
    SELECT until > clock_timestamp() AS held FROM lease WHERE resource = 'signer'`;
  const [asked] = await db.$queryRaw<{ waiting: number }[]>`
    SELECT count(*)::int AS waiting FROM sign_request r LEFT JOIN signature s ON s.request_id = r.id
    WHERE s.request_id IS NULL AND r.created_at < now() - interval '10 seconds'`;
  const waiting = asked!.waiting === 0 ? '' : `; ${asked!.waiting} requests wait for a signature`;
  if (!lease?.held)
    return bad(
      'signer',
      `no signer is at work${waiting}`,
      'Start main-signer; nothing is logged or signed without it.',
    );
  const next = 'Look at the signer’s log for LOG_DISCONTINUED and database.error.';
  return waiting
    ? warn('signer', `a signer holds the lease${waiting}`, next)
    : good('signer', 'a signer holds the lease');
}

/** The queue answers, and Redis keeps what it is given (governance.md section 9). */
export async function queueCheck(config: WorkerConfig): Promise<Check> {
  const url = config.queueUrl ?? config.databaseUrl;
  const redis = /^rediss?:/.test(url);
  try {
    return await (redis ? redisCheck(url) : postgresQueueCheck(url));
  } catch (error) {
    const found = `the queue (${redis ? 'Redis' : 'Postgres'}) does not answer: ${errorCode(error)}`;
    return bad('queue', found, 'Start it, or correct SUMVEIL_QUEUE_URL_FILE; meanwhile work waits in the outbox.');
  }
}

async function redisCheck(url: string): Promise<Check> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 2_000,
    commandTimeout: 2_000,
    retryStrategy: () => null,
  });
  // What `connect` rejects with says only that there is no connection.
  let why: unknown;
  redis.on('error', (error) => {
    why = error;
  });
  try {
    await redis.connect().catch((error: unknown) => {
      throw why ?? error;
    });
    const info = await redis.info();
    const value = (name: string) => new RegExp(`^${name}:(\\S*)`, 'm').exec(info)?.[1];
    const evicts = value('maxmemory_policy') !== 'noeviction';
    const found = `Redis ${value('redis_version')} answers`;
    if (!evicts && value('aof_enabled') === '1') return good('queue', `${found}; noeviction, AOF`);
    const lacks = [
      evicts ? 'maxmemory-policy is not noeviction' : '',
      value('aof_enabled') === '1' ? '' : 'AOF is off',
    ];
    const next = 'Set maxmemory-policy noeviction and appendonly yes; lost jobs come back from rows, but late.';
    return warn('queue', `${found}, but ${lacks.filter(Boolean).join(' and ')}`, next);
  } finally {
    redis.disconnect();
  }
}

async function postgresQueueCheck(url: string): Promise<Check> {
  const client = new Client({ ...pinned(url), connectionTimeoutMillis: 5_000 });
  // What a server that stops says to an idle connection; the query's own rejection is what counts.
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query<{ there: boolean; may: boolean }>(
      `SELECT to_regnamespace('bullmq') IS NOT NULL AS there, coalesce(
         has_function_privilege(to_regprocedure('public.make_queue_schema()'), 'EXECUTE'),
         has_database_privilege(current_database(), 'CREATE')) AS may`,
    );
    const { there, may } = rows[0]!;
    if (there) return good('queue', 'the queue’s schema is in Postgres');
    if (may) return good('queue', 'the queue’s schema will be made in Postgres at the first start');
    return bad(
      'queue',
      'the queue’s schema is missing and this role may not make it',
      'Run main-migrate.ts with the owner’s address; in a database of the queue’s own, give this role CREATE on it.',
    );
  } finally {
    await client.end();
  }
}
