import { createHash } from 'node:crypto';
import rateLimit from '@fastify/rate-limit';
import type { Deps } from '../deps.ts';
import { CoordinatorError } from '../error.ts';
import type { RouteBinding } from './bind.ts';
import { mountRoutes } from './mount.ts';
import { type App, createServer } from './server.ts';

const MINUTE = 60_000;

/** One route for those who have no certificate, or none any more (governance.md section 1, rules 4 and 9). */
export async function enrolmentListener(
  deps: Deps,
  options: { tls: object; bindings: readonly RouteBinding[]; perAddress?: number; perToken?: number },
): Promise<App> {
  const { logger, timings } = deps;
  const app = createServer({ listener: 'enrolment', logger, timings, tls: options.tls, bodyLimit: 16_384 });
  const refusal = (_: unknown, { ttl }: { ttl: number }) =>
    new CoordinatorError('RATE_LIMITED', 'Too many attempts to enrol; wait, then try once.', {
      retryAfterSeconds: ttl / 1_000,
    });
  await app.register(rateLimit, {
    max: options.perAddress ?? 120,
    timeWindow: MINUTE,
    errorResponseBuilder: refusal,
  });
  // The second limit knows token or serial only after the body is there; it keeps a hash, like everybody else here. A token is
  // secret; a serial stands in leaves and bundles, so attempts under it count by address and lock nobody else out.
  const perToken = app.createRateLimit({
    max: options.perToken ?? 10,
    timeWindow: MINUTE,
    keyGenerator: (request) => {
      const { token, expired } = (request.body ?? {}) as { token?: unknown; expired?: unknown };
      const claim = typeof token === 'string' ? token : `${request.ip} ${typeof expired === 'string' ? expired : ''}`;
      return createHash('sha256').update(claim).digest('base64url');
    },
  });
  app.addHook('preHandler', async (request) => {
    const limit = await perToken(request);
    if (!limit.isAllowed && limit.isExceeded) throw refusal(request, limit);
  });
  mountRoutes(app, options.bindings, {
    longPollMs: deps.timings.longPoll,
    stopping: deps.stopping,
    identify: async () => ({}),
  });
  return app;
}
