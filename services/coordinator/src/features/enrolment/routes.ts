import { routes } from '@sumveil/wire';
import type { Deps } from '../../deps.ts';
import { bind, type RouteBinding } from '../../http/bind.ts';
import { enroll } from './service.ts';

export function enrolmentRoutes(deps: Deps): RouteBinding[] {
  return [bind(routes.enroll, ({ body }) => enroll(deps, body))];
}
