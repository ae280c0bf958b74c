import { z } from 'zod';
import { digest } from '../../scalars.ts';
import { defineRoute, octets, text } from '../route.ts';

/** Body bytes of the newest published roster. Trusting it is the tenant admin's decision, made at the connector. */
export const connectorRoster = defineRoute({
  name: 'connectorRoster',
  summary: 'Newest published roster body, exact bytes',
  method: 'GET',
  path: '/v1/roster',
  listener: 'connector',
  response: text(1 << 20, 'application/json'),
  status: 200,
  errors: ['ROSTER_NONE', 'UNAUTHENTICATED', 'UNAVAILABLE'],
});

/** Signed `roster-approve` messages of that roster, concatenated. */
export const connectorRosterApprovals = defineRoute({
  name: 'connectorRosterApprovals',
  summary: 'Signed roster-approve messages of the newest roster, concatenated',
  method: 'GET',
  path: '/v1/roster/approvals',
  listener: 'connector',
  response: octets(1 << 20),
  status: 200,
  errors: ['ROSTER_NONE', 'UNAUTHENTICATED', 'UNAVAILABLE'],
});

export const approveRoster = defineRoute({
  name: 'approveRoster',
  summary: 'Hand in this tenant’s signed roster-approve message',
  method: 'POST',
  path: '/v1/roster/approvals',
  listener: 'connector',
  body: octets(8_192),
  response: null,
  status: 204,
  errors: ['MESSAGE_REFUSED', 'ROSTER_NONE', 'UNAUTHENTICATED', 'UNAVAILABLE'],
});

/** DSSE envelope, RFC 8785 bytes, signed by the tenant's roster key. */
export const declareApprovers = defineRoute({
  name: 'declareApprovers',
  summary: 'Hand in this tenant’s signed list of approvers',
  method: 'POST',
  path: '/v1/approvers',
  listener: 'connector',
  body: text(65_536, 'application/json'),
  response: null,
  status: 204,
  errors: ['MESSAGE_REFUSED', 'CONFLICT', 'UNAUTHENTICATED', 'UNAVAILABLE'],
});

export const declareLocalPolicy = defineRoute({
  name: 'declareLocalPolicy',
  summary: 'Declare the digest of the local policy in force; its text stays at the tenant',
  method: 'POST',
  path: '/v1/local-policy',
  listener: 'connector',
  body: z.strictObject({
    digest,
    minCohort: z.number().int().min(2).max(1_000),
    minHonest: z.number().int().min(2).max(1_000),
  }),
  response: null,
  status: 204,
  errors: ['UNAUTHENTICATED', 'UNAVAILABLE'],
});
