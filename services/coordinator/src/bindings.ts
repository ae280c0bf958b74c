import { routes } from '@sumveil/wire';
import type { Deps } from './deps.ts';
import { CoordinatorError } from './error.ts';
import { approvalRoutes } from './features/approvals/routes.ts';
import { auditRoutes } from './features/audit/routes.ts';
import { enrolmentRoutes } from './features/enrolment/routes.ts';
import { lineageRoutes } from './features/lineage/routes.ts';
import { modelRoutes } from './features/models/routes.ts';
import { planRoutes } from './features/plans/routes.ts';
import { rosterRoutes } from './features/rosters/routes.ts';
import { roundRoutes } from './features/rounds/routes.ts';
import { runRoutes } from './features/runs/routes.ts';
import { scheduleRoutes } from './features/schedules/routes.ts';
import { tenantRoutes } from './features/tenants/routes.ts';
import type { RouteBinding } from './http/bind.ts';

/** Every feature's routes. A route of the table that nobody answers stops the start. */
export function allBindings(deps: Deps): RouteBinding[] {
  const bindings = [
    approvalRoutes,
    auditRoutes,
    enrolmentRoutes,
    lineageRoutes,
    modelRoutes,
    planRoutes,
    rosterRoutes,
    roundRoutes,
    runRoutes,
    scheduleRoutes,
    tenantRoutes,
  ].flatMap((routesOf) => routesOf(deps));
  const bound = new Set(bindings.map(({ route }) => route.name));
  const unbound = Object.keys(routes).filter((name) => !bound.has(name));
  if (unbound.length === 0) return bindings;
  throw new CoordinatorError('CONFIG', `No feature answers these routes of the table: ${unbound.join(', ')}.`);
}
