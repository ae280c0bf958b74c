import { routes } from '@sumveil/wire';
import type { Deps } from '../../deps.ts';
import { bind, type RouteBinding } from '../../http/bind.ts';
import { planApprovals, submitApproval } from './service.ts';

export function approvalRoutes(deps: Deps): RouteBinding[] {
  return [
    bind(routes.submitApproval, ({ person, body }) => submitApproval(deps, person, body)),
    bind(routes.planApprovals, ({ person, params }) => planApprovals(deps, person, params.planDigest)),
  ];
}
