import { routes } from '@sumveil/wire';
import type { Deps } from '../../deps.ts';
import { bind, type RouteBinding } from '../../http/bind.ts';
import {
  approvalMessages,
  approve,
  declareApprovers,
  declareLocalPolicy,
  draft,
  newestBody,
  publish,
  status,
} from './service.ts';

export function rosterRoutes(deps: Deps): RouteBinding[] {
  const tx = deps.db.prisma;
  return [
    bind(routes.draftRoster, ({ body }) => draft(deps, body)),
    bind(routes.publishRoster, ({ person, body }) => publish(deps, person, body)),
    bind(routes.rosterStatus, () => status(deps)),
    bind(routes.connectorRoster, () => newestBody(tx)),
    bind(routes.connectorRosterApprovals, () => approvalMessages(tx)),
    bind(routes.approveRoster, async ({ connector, body }) => {
      await approve(deps, connector, body);
      return undefined;
    }),
    bind(routes.declareApprovers, async ({ connector, body }) => {
      await declareApprovers(deps, connector, body);
      return undefined;
    }),
    bind(routes.declareLocalPolicy, async ({ connector, body }) => {
      await declareLocalPolicy(deps, connector, body);
      return undefined;
    }),
  ];
}
