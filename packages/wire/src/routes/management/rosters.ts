import { z } from 'zod';
import { hash32 } from '../../scalars.ts';
import { defineRoute, text } from '../route.ts';

const guarded = ['UNAUTHENTICATED', 'FORBIDDEN', 'UNAVAILABLE'] as const;

/** Unsigned body from the enrolled keys; nothing is stored. */
export const draftRoster = defineRoute({
  name: 'draftRoster',
  summary: 'Draft of the next roster epoch from the keys that are enrolled',
  method: 'POST',
  path: '/v1/rosters/draft',
  listener: 'management',
  roles: ['platform-operator'],
  body: z.strictObject({
    minCohort: z.number().int().min(2).default(5),
    suites: z.array(z.union([z.literal(1), z.literal(2)])).default([2]),
  }),
  response: text(1 << 20, 'application/json'),
  status: 200,
  errors: [...guarded, 'CONFLICT'],
});

export const publishRoster = defineRoute({
  name: 'publishRoster',
  summary: 'Log a roster body and offer it to the connectors',
  method: 'POST',
  path: '/v1/rosters',
  listener: 'management',
  roles: ['platform-operator'],
  body: text(1 << 20, 'application/json'),
  response: z.strictObject({ rosterHash: hash32, fingerprint: z.string(), epoch: z.number().int() }),
  status: 201,
  errors: [...guarded, 'BAD_REQUEST', 'CONFLICT'],
});

export const rosterStatus = defineRoute({
  name: 'rosterStatus',
  summary: 'Newest roster: fingerprint, members, who has cosigned since it was published, whether it is in force',
  method: 'GET',
  path: '/v1/rosters/current',
  listener: 'management',
  roles: ['platform-operator', 'tenant-admin', 'data-steward', 'privacy-officer', 'auditor'],
  response: z.strictObject({
    rosterId: z.string(),
    epoch: z.number().int(),
    rosterHash: hash32,
    fingerprint: z.string(),
    effective: z.boolean(),
    members: z.array(z.strictObject({ idx: z.number().int(), tenantRef: z.string(), pinned: z.boolean() })),
    witnessQuorum: z.number().int(),
    minCohort: z.number().int(),
  }),
  status: 200,
  errors: [...guarded, 'ROSTER_NONE'],
});
