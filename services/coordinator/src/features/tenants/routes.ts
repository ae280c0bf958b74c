import { routes } from '@sumveil/wire';
import type { Deps } from '../../deps.ts';
import { bind, type RouteBinding } from '../../http/bind.ts';
import { confirmInvitation, createTenant, inviteTenant, listTenants, revokeConnector } from './service.ts';

export function tenantRoutes(deps: Deps): RouteBinding[] {
  return [
    bind(routes.createTenant, ({ person, body }) => createTenant(deps, person, body)),
    bind(routes.listTenants, async ({ person }) => ({ tenants: await listTenants(deps, person) })),
    bind(routes.inviteTenant, async ({ params, body }) => ({
      invitationId: await inviteTenant(deps, params.tenantRef, body.ticket),
    })),
    bind(routes.confirmInvitation, async ({ person, params, body }) => {
      const { joinString, expiresAt } = await confirmInvitation(deps, person, params.invitationId, body.ticket);
      return { joinString, expiresAt: expiresAt.toISOString() };
    }),
    bind(routes.revokeConnector, async ({ person, params, body }) => {
      await revokeConnector(deps, person, params.tenantRef, body);
      return undefined;
    }),
  ];
}
