import { routes } from '@sumveil/wire';
import type { Deps } from '../../deps.ts';
import { bind, type RouteBinding } from '../../http/bind.ts';
import { acceptMessage } from './accept-message.ts';
import { acceptChunk } from './chunks.ts';
import { deliveredEnvelopes, phaseMaterials } from './material.ts';
import { aggregateChunk, signedManifest, signedPlan } from './published.ts';
import { pollTasks } from './tasks.ts';

const hash = (planHash: string) => Buffer.from(planHash, 'base64url');

export function roundRoutes(deps: Deps): RouteBinding[] {
  const material = phaseMaterials(deps);
  return [
    bind(routes.tasks, async ({ connector, query, signal }) => ({
      tasks: await pollTasks(deps, connector.tenantRef, new Set(query.known.split(',')), signal),
    })),
    bind(routes.attemptPlan, ({ connector, params }) => signedPlan(deps, connector.tenantRef, hash(params.planHash))),
    bind(routes.phaseMaterial, ({ connector, params }) =>
      material(connector.tenantRef, hash(params.planHash), params.material),
    ),
    bind(routes.envelopes, ({ connector, params }) =>
      deliveredEnvelopes(deps, connector.tenantRef, hash(params.planHash)),
    ),
    bind(routes.submitMessage, async ({ connector, params, body }) => {
      await acceptMessage(deps, connector, hash(params.planHash), params.kind, body);
      return undefined;
    }),
    bind(routes.uploadChunk, ({ connector, params, body }) =>
      acceptChunk(
        deps,
        connector,
        { planHash: hash(params.planHash), segment: params.segment, chunk: params.chunk },
        body,
      ),
    ),
    bind(routes.attemptManifest, ({ connector, params }) =>
      signedManifest(deps, connector.tenantRef, hash(params.planHash)),
    ),
    bind(routes.aggregateChunk, ({ connector, params }) =>
      aggregateChunk(deps, connector.tenantRef, { ...params, planHash: hash(params.planHash) }),
    ),
  ];
}
