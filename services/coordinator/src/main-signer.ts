import { readConfig, type SignerConfig, signerSchema } from './config.ts';
import { openCore } from './core.ts';
import { listenOn } from './http/listen.ts';
import { opsListener } from './http/ops-listener.ts';
import { type Running, runProcess } from './process.ts';
import { runSigner } from './signing/run-signer.ts';
import { version } from './version.ts';

/** Sequencer and signer; two replicas, of which the lease lets one work. Nothing but ops listens here. */
await runProcess('signer', () => startSigner(readConfig(signerSchema, process.env, process.argv)));

async function startSigner(config: SignerConfig): Promise<Running> {
  const core = await openCore('signer', config);
  const { deps } = core;
  const signer = await runSigner({ ...deps, keysFolder: config.signerKeys });
  const ops = opsListener({
    logger: deps.logger,
    metrics: deps.metrics,
    timings: deps.timings,
    ready: () => deps.db.ping(),
  });
  const ports = { ops: await listenOn(ops, 'ops', config.opsListen, deps.logger) };
  deps.logger.event('process.started', { version });
  return {
    ports,
    stateFile: config.stateFile,
    shutdownMs: deps.timings.shutdown,
    stop: async () => {
      core.stopWaiting();
      await Promise.allSettled([signer.stop(), ops.close()]);
      await core.close();
    },
  };
}
