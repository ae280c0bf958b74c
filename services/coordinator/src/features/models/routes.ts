import { routes } from '@sumveil/wire';
import type { Deps } from '../../deps.ts';
import { CoordinatorError } from '../../error.ts';
import { bind, type RouteBinding } from '../../http/bind.ts';
import type { Person } from '../../http/identity.ts';
import { plansFor } from '../plans/service.ts';

/** Model versions of runs that concern the person. */
async function versionsFor(deps: Deps, person: Person) {
  const tx = deps.db.prisma;
  const plans = (await plansFor(tx, person)).map((plan) => plan.digest);
  const runs = await tx.run.findMany({ where: { planDigest: { in: plans } }, select: { id: true } });
  const versions = await tx.modelVersion.findMany({
    where: { runId: { in: runs.map((run) => run.id) } },
    orderBy: { createdAt: 'desc' },
  });
  const evaluations = await tx.evaluation.findMany({ where: { runId: { in: runs.map((run) => run.id) } } });
  const metricsOf = new Map(evaluations.map((row) => [row.modelDigest, row.metrics as Record<string, number | null>]));
  return versions.map(({ model, version, digest, parentDigest, runId, round, createdAt }) => ({
    model,
    version,
    digest,
    parentDigest,
    runId,
    round,
    metrics: metricsOf.get(digest) ?? {},
    createdAt: createdAt.toISOString(),
  }));
}

export function modelRoutes(deps: Deps): RouteBinding[] {
  return [
    bind(routes.listModels, async ({ person }) => ({ versions: await versionsFor(deps, person) })),
    bind(routes.modelFile, async ({ person, params }) => {
      const found = (await versionsFor(deps, person)).find(
        (one) => one.model === params.model && one.version === params.version,
      );
      if (!found) throw new CoordinatorError('NOT_FOUND', 'There is no such model version.');
      return deps.artifacts.get(found.digest);
    }),
  ];
}
