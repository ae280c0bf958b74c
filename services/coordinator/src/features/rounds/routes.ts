import { encodeSigned, routes } from '@sumveil/wire';
import type { Deps } from '../../deps.ts';
import { CoordinatorError } from '../../error.ts';
import { bind, type RouteBinding } from '../../http/bind.ts';
import { acceptMessage } from './accept-message.ts';
import { acceptChunk } from './chunks.ts';
import { deliveredEnvelopes, phaseMaterial } from './material.ts';
import { attemptForTenant, signedOf } from './store.ts';
import { pollTasks } from './tasks.ts';

const hash = (planHash: string) => Buffer.from(planHash, 'base64url');

export function roundRoutes(deps: Deps): RouteBinding[] {
  const tx = deps.db.prisma;
  return [
    bind(routes.tasks, async ({ connector, query, signal }) => {
      const { idx } = await tx.tenant.findUniqueOrThrow({ where: { ref: connector.tenantRef }, select: { idx: true } });
      return { tasks: await pollTasks(deps, idx, new Set(query.known.split(',')), signal) };
    }),
    bind(routes.attemptPlan, async ({ connector, params }) => {
      const { row } = await attemptForTenant(tx, hash(params.planHash), connector.tenantRef);
      const proof = await deps.log.logProof(row.leafKey);
      if (!proof)
        throw new CoordinatorError('UNAVAILABLE', 'The log proof of this round is not ready yet.', {
          retryAfterSeconds: 1,
        });
      return {
        plan: encodeSigned(signedOf({ body: row.planBody, sig: row.planSig })).toString('base64'),
        leaf: proof.leaf.toString('base64'),
        proof: proof.tlogProof.toString('utf8'),
      };
    }),
    bind(routes.phaseMaterial, ({ connector, params }) =>
      phaseMaterial(deps, connector.tenantRef, hash(params.planHash), params.material),
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
    bind(routes.attemptManifest, async ({ connector, params }) => {
      const { row } = await attemptForTenant(tx, hash(params.planHash), connector.tenantRef);
      if (row.phase !== 'released') throw new CoordinatorError('NOT_FOUND', 'This attempt has not released a sum.');
      return encodeSigned(signedOf({ body: row.manifestBody!, sig: row.manifestSig }));
    }),
    bind(routes.aggregateChunk, async ({ connector, params }) => {
      const { row } = await attemptForTenant(tx, hash(params.planHash), connector.tenantRef);
      const place = { attemptId: row.id, segment: params.segment, chunk: params.chunk };
      const sum = await tx.sumChunk.findUnique({ where: { attemptId_segment_chunk: place } });
      if (row.phase !== 'released' || !sum?.digest)
        throw new CoordinatorError('NOT_FOUND', 'This attempt has not released a sum.');
      return deps.artifacts.get(sum.digest);
    }),
  ];
}
