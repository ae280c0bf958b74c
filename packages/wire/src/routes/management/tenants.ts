import { z } from 'zod';
import { displayName, ref, ticketId, timestamp, uuid } from '../../scalars.ts';
import { defineRoute } from '../route.ts';

const tenantRef = z.strictObject({ tenantRef: ref });
const guarded = ['UNAUTHENTICATED', 'FORBIDDEN', 'UNAVAILABLE'] as const;

export const tenantView = z.strictObject({
  tenantRef: ref,
  idx: z.number().int(),
  name: z.string(),
  region: z.string(),
  status: z.enum(['active', 'suspended']),
  /** none: never enrolled; enrolled: waits for a roster; present or absent: by its last sign of life. */
  connector: z.enum(['none', 'enrolled', 'present', 'absent', 'revoked']),
});

export const createTenant = defineRoute({
  name: 'createTenant',
  summary: 'Create a tenant',
  method: 'POST',
  path: '/v1/tenants',
  listener: 'management',
  roles: ['platform-operator'],
  body: z.strictObject({ name: displayName, region: z.string().regex(/^[A-Za-z0-9-]{1,32}$/) }),
  response: tenantView,
  status: 201,
  errors: [...guarded, 'BAD_REQUEST', 'CONFLICT'],
});

export const listTenants = defineRoute({
  name: 'listTenants',
  summary: 'Tenants that the caller may see, with their roster index and whether their connector is present',
  method: 'GET',
  path: '/v1/tenants',
  listener: 'management',
  roles: ['platform-operator', 'tenant-admin'],
  response: z.strictObject({ tenants: z.array(tenantView) }),
  status: 200,
  errors: guarded,
});

/** First of two tickets: the platform operator's. */
export const inviteTenant = defineRoute({
  name: 'inviteTenant',
  summary: 'Open an invitation for a tenant’s connector (first ticket)',
  method: 'POST',
  path: '/v1/tenants/:tenantRef/invitations',
  listener: 'management',
  roles: ['platform-operator'],
  params: tenantRef,
  body: z.strictObject({ ticket: ticketId }),
  response: z.strictObject({ invitationId: uuid }),
  status: 201,
  errors: [...guarded, 'NOT_FOUND', 'BAD_REQUEST'],
});

/** Second ticket, by the tenant's own admin, who alone sees the join string. */
export const confirmInvitation = defineRoute({
  name: 'confirmInvitation',
  summary: 'Confirm an invitation of the own tenant (second ticket) and receive the join string, once',
  method: 'POST',
  path: '/v1/invitations/:invitationId/confirm',
  listener: 'management',
  roles: ['tenant-admin'],
  params: z.strictObject({ invitationId: uuid }),
  body: z.strictObject({ ticket: ticketId }),
  response: z.strictObject({ joinString: z.string(), expiresAt: timestamp }),
  status: 201,
  errors: [...guarded, 'NOT_FOUND', 'CONFLICT', 'BAD_REQUEST'],
});

export const revokeConnector = defineRoute({
  name: 'revokeConnector',
  summary: 'Revoke every certificate of a tenant’s connector',
  method: 'POST',
  path: '/v1/tenants/:tenantRef/revocations',
  listener: 'management',
  roles: ['platform-operator', 'tenant-admin'],
  params: tenantRef,
  body: z.strictObject({ ticket: ticketId, reason: z.string().regex(/^[a-z-]{1,40}$/) }),
  response: null,
  status: 204,
  errors: [...guarded, 'NOT_FOUND', 'BAD_REQUEST'],
});
