import { readConfig, sealKeyOf, type WorkerConfig, workerSchema } from './config.ts';
import { openCore } from './core.ts';
import { databaseNow } from './db/client.ts';
import { roundDueWork } from './features/rounds/due-work.ts';
import { roundJobs } from './features/rounds/jobs.ts';
import { createSeal } from './features/rounds/seal.ts';
import { runDueWork, runJobs } from './features/runs/jobs.ts';
import { startJobSchedulers } from './features/schedules/job-schedulers.ts';
import { scheduleDueWork, scheduleJobs } from './features/schedules/jobs.ts';
import { listenOn } from './http/listen.ts';
import { opsListener } from './http/ops-listener.ts';
import { startReconciler } from './outbox/reconciler.ts';
import { startRelay } from './outbox/relay.ts';
import { type Running, runProcess } from './process.ts';
import { queueBackend } from './queue/backend.ts';
import { startDispatch } from './queue/dispatch.ts';
import { version } from './version.ts';

/** Jobs, the outbox relay and the reconciler. Any number of replicas: leases and row locks keep them apart. */
await runProcess('worker', () => startWorker(readConfig(workerSchema, process.env, process.argv)));

async function startWorker(config: WorkerConfig): Promise<Running> {
  const seal = createSeal(sealKeyOf(config));
  const core = await openCore('worker', config);
  const { deps } = core;
  const { db, logger, metrics, timings, notify } = deps;
  const watchingSince = (await databaseNow(db.prisma)).getTime();
  const roundDeps = { ...deps, seal, watchingSince };

  const backend = queueBackend(config.queueUrl ?? config.databaseUrl, { logger, timings });
  const queues = { rounds: backend.createQueue('rounds'), chunks: backend.createQueue('chunks') };
  const bindings = [...runJobs(deps), ...roundJobs(roundDeps), ...scheduleJobs(deps)];
  const dispatch = startDispatch({ backend, bindings, logger, metrics, timings });
  const relay = startRelay({ db, notify, queues, logger, timings });
  const due = [...runDueWork(deps), ...roundDueWork(roundDeps), ...scheduleDueWork()];
  const reconciler = startReconciler({ db, log: deps.log, due, logger, timings });
  const schedulers = startJobSchedulers({ db, notify, queue: queues.rounds, logger, timings });

  const ops = opsListener({ logger, metrics, timings: config.timings, ready: () => db.ping() });
  const ports = { ops: await listenOn(ops, 'ops', config.opsListen, logger) };
  logger.event('process.started', { version });
  return {
    ports,
    stateFile: config.stateFile,
    shutdownMs: timings.shutdown,
    stop: async () => {
      core.stopWaiting();
      await Promise.allSettled([reconciler.stop(), schedulers.stop(), relay.stop(), dispatch.stop(), ops.close()]);
      await Promise.allSettled(Object.values(queues).map((queue) => queue.close()));
      await core.close();
    },
  };
}
