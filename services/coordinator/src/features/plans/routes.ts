import { routes } from '@sumveil/wire';
import type { Deps } from '../../deps.ts';
import { bind, type RouteBinding } from '../../http/bind.ts';
import { plansFor, requirePlanFor, submitPlan, uploadModel } from './service.ts';

export function planRoutes(deps: Deps): RouteBinding[] {
  const tx = deps.db.prisma;
  return [
    bind(routes.uploadModel, ({ body }) => uploadModel(deps, body)),
    bind(routes.submitPlan, ({ person, body }) => submitPlan(deps, person, body)),
    bind(routes.listPlans, async ({ person }) => ({
      plans: (await plansFor(tx, person)).map((plan) => ({
        planDigest: plan.digest,
        name: plan.name,
        requesterRef: plan.requesterRef,
        submittedAt: plan.submittedAt.toISOString(),
        withdrawn: plan.withdrawnAt !== null,
      })),
    })),
    bind(routes.planFile, async ({ person, params }) =>
      Buffer.from((await requirePlanFor(tx, person, params.planDigest)).bytes),
    ),
  ];
}
