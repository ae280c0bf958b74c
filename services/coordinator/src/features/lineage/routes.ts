import { routes } from '@sumveil/wire';
import type { Deps } from '../../deps.ts';
import { CoordinatorError } from '../../error.ts';
import { bind, type RouteBinding } from '../../http/bind.ts';

export function lineageRoutes(_deps: Deps): RouteBinding[] {
  const unavailable = async () => {
    throw new CoordinatorError('UNAVAILABLE', 'Evidence is being collected; ask again.', { retryAfterSeconds: 5 });
  };
  return [bind(routes.exportBundle, unavailable), bind(routes.lineageReport, unavailable)];
}
