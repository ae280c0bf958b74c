import { routes } from '@sumveil/wire';
import type { Deps } from '../../deps.ts';
import { bind, type RouteBinding } from '../../http/bind.ts';
import { consistencyBetween, inclusionOf, newestNote, proofOf } from './proofs.ts';
import { answerTaker, nextCheckpoint } from './witnesses.ts';

export function auditRoutes(deps: Deps): RouteBinding[] {
  return [
    bind(routes.checkpoint, () => newestNote(deps)),
    bind(routes.inclusionProof, ({ query }) => inclusionOf(deps, BigInt(query.index), BigInt(query.size))),
    bind(routes.consistencyProof, ({ query }) => consistencyBetween(deps, BigInt(query.from), BigInt(query.to))),
    bind(routes.leafProof, ({ params }) => proofOf(deps, BigInt(params.index))),
    ...witnessRoutes(deps),
  ];
}

function witnessRoutes(deps: Deps): RouteBinding[] {
  const poll = nextCheckpoint(deps);
  const take = answerTaker(deps);
  return [
    bind(routes.witnessPoll, ({ connector, query, signal }) => poll(connector.tenantRef, BigInt(query.size), signal)),
    bind(routes.witnessAnswer, async ({ connector, body }) => {
      const { size, ...answer } = body;
      await take(connector.tenantRef, { ...answer, size: BigInt(size) });
      return undefined;
    }),
  ];
}
