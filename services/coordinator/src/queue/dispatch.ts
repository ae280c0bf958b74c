import type { Logger, Metrics } from '@sumveil/telemetry';
import { errorCode } from '@sumveil/telemetry';
import { DelayedError, type Job } from 'bullmq';
import { isPassing } from '../db/faults.ts';
import { isCoordinatorError } from '../error.ts';
import type { Timings } from '../timings.ts';
import type { JobWorker, QueueBackend } from './backend.ts';
import { type JobBinding, type JobPayload, queueNames, queueOf } from './topics.ts';

export interface Dispatch {
  /** Stops taking jobs and waits for the running ones, but not beyond the time: their leases end by themselves. */
  stop(): Promise<void>;
}

interface DispatchOptions {
  readonly backend: QueueBackend;
  readonly bindings: readonly JobBinding[];
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly timings: Timings;
}

/** Takes jobs from both queues and gives each to the feature that bound its topic. */
export function startDispatch(options: DispatchOptions): Dispatch {
  const { backend, bindings, logger, metrics, timings } = options;
  const handlers = new Map(bindings.map((binding) => [binding.topic as string, binding]));
  const stopping = new AbortController();
  const seconds = metrics.histogram('sumveil_job_seconds', 'Duration of a job', {
    unit: 's',
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    labels: ['topic', 'outcome'],
  });

  const run = async (job: Job<JobPayload>, token?: string) => {
    const binding = handlers.get(job.name);
    if (binding === undefined) throw new Error(`No feature has bound the topic ${job.name}.`);
    const began = performance.now();
    const elapsed = () => performance.now() - began;
    try {
      await binding.handle({ ref: job.data.ref, signal: stopping.signal });
      seconds.record(elapsed() / 1000, { topic: job.name, outcome: 'done' });
      logger.event('job.done', { queue: job.queueName, job: job.name, durationMs: elapsed() });
    } catch (error) {
      const soon = isCoordinatorError(error, 'LEASE_BUSY', 'FENCED') || isPassing(error) || stopping.signal.aborted;
      seconds.record(elapsed() / 1000, { topic: job.name, outcome: soon ? 'later' : 'failed' });
      if (soon) {
        await job.moveToDelayed(Date.now() + pause(job.attemptsStarted, timings.lease), token);
        throw new DelayedError();
      }
      const failure = { queue: job.queueName, job: job.name, code: errorCode(error), tries: job.attemptsMade + 1 };
      logger.event('job.failed', failure);
      if (failure.tries >= (job.opts.attempts ?? 1) && !isPassing(error)) await binding.givenUp?.(job.data.ref);
      throw error;
    }
  };
  const workers: JobWorker[] = queueNames
    .filter((name) => bindings.some(({ topic }) => queueOf(topic) === name))
    .map((name) => backend.createWorker(name, run, { concurrency: name === 'chunks' ? 2 : 4 }));

  return {
    stop: async () => {
      stopping.abort();
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, timings.shutdown * 0.8);
      });
      await Promise.race([Promise.allSettled(workers.map((worker) => worker.close())), late]);
      clearTimeout(timer);
    },
  };
}

/** 24 pauses outlast a killed holder's lease twice (2 s each for one of 15 s); the 25th start would fail the job. */
export function pause(started: number, leaseMs: number): number {
  return Math.ceil(Math.min(leaseMs / 7.5, 100 * 1.5 ** Math.max(0, started - 1)));
}
