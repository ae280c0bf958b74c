import { loadBundleFromFolder } from '@sumveil/policy';
import { createLogger, createMetrics, observeRuntime } from '@sumveil/telemetry';
import { filesystemStore } from './artifacts/filesystem.ts';
import type { CommonConfig } from './config.ts';
import { openDatabase } from './db/client.ts';
import { openNotifications } from './db/notify.ts';
import type { Deps } from './deps.ts';
import { createLeafLog } from './log/leaf-log.ts';
import { createSignatures } from './signing/signatures.ts';

export interface Core {
  readonly deps: Deps;
  /** Makes `deps.stopping` fire: held-open requests and waits end. */
  stopWaiting(): void;
  close(): Promise<void>;
}

/** What all three processes have: database, log, artifacts, policy, telemetry. */
export async function openCore(
  name: 'api' | 'worker' | 'signer',
  config: CommonConfig,
  options: { poolSize?: number } = {},
): Promise<Core> {
  const { timings } = config;
  const stopping = new AbortController();
  const logger = createLogger({ process: name });
  const metrics = createMetrics({ process: name });
  observeRuntime(metrics);
  const policy = loadBundleFromFolder(config.policyBundle);
  const artifacts = await filesystemStore(config.artifacts);
  const db = openDatabase(config.databaseUrl, {
    applicationName: `sumveil-${name}`,
    onPoolError: () => logger.event('database.error', { code: 'CONNECTION_LOST' }),
    // A process that was stopped holds its rows no longer than this.
    idleInTransactionMs: name === 'signer' ? timings.idleInTransactionSigner : timings.idleInTransaction,
    ...options,
  });
  await db.ping();
  const notify = await openNotifications(config.databaseUrl, { logger, timings });
  const log = createLeafLog({ origin: config.logOrigin, db, notify, timings });
  const sign = createSignatures({ db, notify, log, timings });
  const clock = { now: Date.now };
  return {
    deps: {
      config,
      timings,
      db,
      notify,
      artifacts,
      clock,
      logger,
      metrics,
      policy,
      log,
      sign,
      stopping: stopping.signal,
    },
    stopWaiting: () => {
      logger.event('process.stopping', { reason: 'signal' });
      stopping.abort();
    },
    close: async () => {
      await notify.close();
      await db.close();
    },
  };
}
