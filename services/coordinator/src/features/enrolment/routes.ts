import { routes } from '@sumveil/wire';
import type { Deps } from '../../deps.ts';
import { bind, type RouteBinding } from '../../http/bind.ts';
import { renew, returnExpired } from './renewal.ts';
import { enroll } from './service.ts';

export function enrolmentRoutes(deps: Deps): RouteBinding[] {
  return [
    bind(routes.enroll, ({ body }) => ('token' in body ? enroll(deps, body) : returnExpired(deps, body))),
    bind(routes.renew, ({ connector, body }) => renew(deps, connector, body)),
  ];
}
