import { routes } from '@sumveil/wire';
import type { Deps } from '../../deps.ts';
import { bind, type RouteBinding } from '../../http/bind.ts';
import { requirePlanFor } from '../plans/service.ts';
import { abortRun } from './abort.ts';
import { artifactFor, grantMaterial, runOfCohort, storeRefusal } from './for-connector.ts';
import { pauseByPerson } from './pause.ts';
import { resumeRun } from './resume.ts';
import { startRun } from './start.ts';
import { listRuns, requireRunFor, runStatus, runView } from './view.ts';

export function runRoutes(deps: Deps): RouteBinding[] {
  const tx = deps.db.prisma;
  return [
    bind(routes.startRun, async ({ person, params }) => {
      await requirePlanFor(tx, person, params.planDigest);
      return startRun(deps, person, params.planDigest);
    }),
    bind(routes.listRuns, async ({ person }) => ({ runs: await listRuns(deps, person) })),
    bind(routes.runStatus, ({ person, params, query, signal }) =>
      runStatus(deps, person, params.runId, query.seen, signal),
    ),
    bind(routes.pauseRun, async ({ person, params, body }) => {
      await pauseByPerson(deps, person, params.runId, body);
      return runView(deps, tx, await requireRunFor(tx, person, params.runId));
    }),
    bind(routes.resumeRun, async ({ person, params, body }) => {
      await resumeRun(deps, person, params.runId, body);
      return runView(deps, tx, await requireRunFor(tx, person, params.runId));
    }),
    bind(routes.abortRun, async ({ person, params, body }) => {
      await abortRun(deps, person, params.runId, body.reason);
      return runView(deps, tx, await requireRunFor(tx, person, params.runId));
    }),
    bind(routes.runPlan, async ({ connector, params }) => {
      const { run } = await runOfCohort(tx, connector, params.runId);
      return Buffer.from((await tx.plan.findUniqueOrThrow({ where: { digest: run.planDigest } })).bytes);
    }),
    bind(routes.runGrant, ({ connector, params }) => grantMaterial(deps, connector, params.runId)),
    bind(routes.artifact, ({ connector, params }) => artifactFor(deps, connector, params.digest)),
    bind(routes.refuse, async ({ connector, params, body }) => {
      await storeRefusal(deps, connector, params.runId, body);
      return undefined;
    }),
  ];
}
