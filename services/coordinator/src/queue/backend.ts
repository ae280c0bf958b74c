import type { Logger } from '@sumveil/telemetry';
import { errorCode } from '@sumveil/telemetry';
import { createPostgresBackend, type JobsOptions, type Processor, Queue, Worker } from 'bullmq';
import { CoordinatorError } from '../error.ts';
import type { Timings } from '../timings.ts';
import { QueueClient } from './queue-client.ts';
import { keepSchema } from './queue-schema.ts';
import type { JobPayload, QueueName } from './topics.ts';

export type JobQueue = Queue<JobPayload>;
export type JobWorker = Worker<JobPayload>;

export interface QueueBackend {
  readonly kind: 'redis' | 'postgres';
  createQueue(name: QueueName): JobQueue;
  createWorker(name: QueueName, handler: Processor<JobPayload, void>, options?: { concurrency?: number }): JobWorker;
}

/** Options of governance.md section 9; why each of them is as it is stands there. */
const SCHEMA = 'bullmq';
const retryStrategy = (n: number) => Math.min(n * 200, 2_000);
const jobDefaults: JobsOptions = {
  attempts: 5,
  backoff: { type: 'exponential', delay: 1_000, jitter: 0.5 },
  removeOnComplete: true,
  removeOnFail: { age: 604_800, count: 5_000 },
};

/**
 * One factory for both backends: `redis://` (or `rediss://`), or `postgres://`, which needs no server besides the database.
 * Every queue and worker has an error handler: idle connections raise when a server stops.
 */
export function queueBackend(url: string, options: { logger: Logger; timings: Timings }): QueueBackend {
  const { logger, timings } = options;
  const report = (error: Error) => logger.event('queue.error', { code: errorCode(error) });
  const workerDefaults = {
    concurrency: 4,
    lockDuration: timings.jobLock,
    stalledInterval: timings.jobStalled,
    maxStalledCount: 20,
    maxStartedAttempts: 25,
    drainDelay: 5,
  };
  const { protocol } = new URL(url);
  if (protocol === 'redis:' || protocol === 'rediss:') {
    const redis = redisConnection(url);
    return {
      kind: 'redis',
      createQueue: (name) => {
        const failFast = {
          enableOfflineQueue: false,
          maxRetriesPerRequest: 1,
          connectTimeout: 2_000,
          commandTimeout: 2_000,
        };
        const queue: JobQueue = new Queue(name, {
          connection: { ...redis, ...failFast, retryStrategy, skipVersionCheck: true },
          skipVersionCheck: true,
          skipWaitingForReady: true,
          defaultJobOptions: jobDefaults,
        });
        return queue.on('error', report);
      },
      createWorker: (name, handler, { concurrency = 4 } = {}) => {
        const connection = { ...redis, maxRetriesPerRequest: null, retryStrategy };
        const worker: JobWorker = new Worker(name, handler, { ...workerDefaults, concurrency, connection });
        return worker.on('error', report);
      },
    };
  }
  if (protocol === 'postgres:' || protocol === 'postgresql:') {
    const connection = { connectionString: url, schema: SCHEMA, migrate: true, max: 4, Client: QueueClient };
    const keep = keepSchema(url, SCHEMA, logger);
    const reportAndKeep = (error: Error) => {
      report(error);
      keep(error);
    };
    return {
      kind: 'postgres',
      createQueue: (name) => {
        const queue = new Queue(
          name,
          { connection, skipWaitingForReady: true, defaultJobOptions: jobDefaults },
          createPostgresBackend,
        ) as unknown as JobQueue;
        return queue.on('error', reportAndKeep);
      },
      createWorker: (name, handler, { concurrency = 4 } = {}) => {
        const worker = new Worker(
          name,
          handler,
          { ...workerDefaults, concurrency, connection },
          createPostgresBackend,
        ) as unknown as JobWorker;
        return worker.on('error', reportAndKeep);
      },
    };
  }
  throw new CoordinatorError('CONFIG', `QUEUE_URL begins with ${protocol}; it must be a redis: or postgres: address.`);
}

function redisConnection(url: string) {
  const { protocol, hostname, port, username, password, pathname } = new URL(url);
  return {
    host: hostname,
    port: Number(port || 6_379),
    db: Number(pathname.slice(1) || 0),
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' ? { tls: { minVersion: 'TLSv1.3' as const } } : {}),
  };
}
