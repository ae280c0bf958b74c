import type { Deps } from '../deps.ts';
import type { RouteBinding } from './bind.ts';
import { addDocs } from './docs.ts';
import { idempotentAnswers } from './idempotency.ts';
import { mountRoutes } from './mount.ts';
import { personOf } from './person.ts';
import { type App, createServer } from './server.ts';
import { addTokenVerifier, type TokenOptions } from './token.ts';

/** TLS 1.3 with people's tokens; a route without roles answers nobody. */
export async function managementListener(
  deps: Deps,
  options: { tls: object; bindings: readonly RouteBinding[]; token: TokenOptions; version: string },
): Promise<App> {
  const app = createServer({ listener: 'management', logger: deps.logger, timings: deps.timings, tls: options.tls });
  const verify = await addTokenVerifier(app, options.token);
  await addDocs(app, options.version);
  mountRoutes(app, options.bindings, {
    longPollMs: deps.timings.longPoll,
    stopping: deps.stopping,
    identify: async (request, route) => ({ person: await personOf(deps.db, await verify(request), route) }),
    around: idempotentAnswers(deps),
  });
  return app;
}
