import { type Logger, type Metrics, metricsContentType } from '@sumveil/telemetry';
import type { Timings } from '../timings.ts';
import { type App, createServer } from './server.ts';

/** Cluster-internal HTTP without any ref in it (governance.md section 1). */
export function opsListener(options: {
  logger: Logger;
  metrics: Metrics;
  timings: Timings;
  /** Resolves when the process can do its work; what it throws stays inside. */
  ready: () => Promise<void>;
}): App {
  const app = createServer({ listener: 'ops', logger: options.logger, timings: options.timings, tls: undefined });
  app.get('/healthz', async () => ({ status: 'alive' }));
  app.get('/readyz', async (_, reply) => {
    try {
      await options.ready();
      return { status: 'ready' };
    } catch {
      return reply.code(503).header('retry-after', '2').send({ status: 'not ready' });
    }
  });
  app.get('/metrics', async (_, reply) => reply.type(metricsContentType).send(await options.metrics.text()));
  return app;
}
