import { z } from 'zod';
import { hash32 } from '../../scalars.ts';
import { defineRoute, octets } from '../route.ts';

const planHash = z.strictObject({ planHash: hash32 });
const chunkParams = z.strictObject({
  planHash: hash32,
  segment: z.coerce.number().int().min(0).max(1),
  chunk: z.coerce
    .number()
    .int()
    .min(0)
    .max(2 ** 26),
});
const read = ['NOT_FOUND', 'UNAUTHENTICATED', 'UNAVAILABLE'] as const;
const write = [
  'MESSAGE_REFUSED',
  'CONFLICT',
  'ROUND_CLOSED',
  'NOT_FOUND',
  'TOO_LARGE',
  'UNAUTHENTICATED',
  'UNAVAILABLE',
] as const;

/** Signed round plan, and the proof that `round.opened` is in the log. */
export const attemptPlan = defineRoute({
  name: 'attemptPlan',
  summary: 'Signed round plan with the log proof of its round.opened leaf',
  method: 'GET',
  path: '/v1/attempts/:planHash/plan',
  listener: 'connector',
  params: planHash,
  response: z.strictObject({ plan: z.base64(), leaf: z.base64(), proof: z.string() }),
  status: 200,
  errors: read,
});

/**
 * Material of a phase, in the wire form of secure-aggregation section 5: first the signed list (u1, u2, u3), then the
 * signed messages of its members in ascending idx.
 */
export const phaseMaterial = defineRoute({
  name: 'phaseMaterial',
  summary:
    'Signed list of a phase and the messages it names (directory: u1 + M0, shares: u2 + M1, inputs: u3 + M2, consistency: M3)',
  method: 'GET',
  path: '/v1/attempts/:planHash/material/:material',
  listener: 'connector',
  params: z.strictObject({ planHash: hash32, material: z.enum(['directory', 'shares', 'inputs', 'consistency']) }),
  response: octets(64 * 2 ** 20),
  status: 200,
  errors: read,
});

/** Envelopes for this tenant, each with its audit path, ascending sender. */
export const envelopes = defineRoute({
  name: 'envelopes',
  summary: 'Share envelopes for this tenant with their audit paths',
  method: 'GET',
  path: '/v1/attempts/:planHash/envelopes',
  listener: 'connector',
  params: planHash,
  response: octets(16 * 2 ** 20),
  status: 200,
  errors: read,
});

/** Signed message in wire form; for `m1` the envelopes follow, each ended by 0x0A, in ascending recipient. */
export const submitMessage = defineRoute({
  name: 'submitMessage',
  summary: 'Hand in this tenant’s message of a phase; the same bytes again give the same answer',
  method: 'POST',
  path: '/v1/attempts/:planHash/messages/:kind',
  listener: 'connector',
  params: z.strictObject({ planHash: hash32, kind: z.enum(['m0', 'm1', 'm2', 'm3', 'm4', 'abort']) }),
  body: octets(16 * 2 ** 20),
  response: null,
  status: 204,
  errors: write,
});

export const uploadChunk = defineRoute({
  name: 'uploadChunk',
  summary: 'Upload one masked chunk',
  method: 'PUT',
  path: '/v1/attempts/:planHash/chunks/:segment/:chunk',
  listener: 'connector',
  params: chunkParams,
  body: octets(8 * 2 ** 20),
  response: z.strictObject({ digest: z.string(), size: z.number().int() }),
  status: 200,
  errors: [...write, 'DIGEST_MISMATCH', 'STORAGE_FULL'],
});

export const attemptManifest = defineRoute({
  name: 'attemptManifest',
  summary: 'Signed manifest of a released attempt',
  method: 'GET',
  path: '/v1/attempts/:planHash/manifest',
  listener: 'connector',
  params: planHash,
  response: octets(1 << 21),
  status: 200,
  errors: read,
});

export const aggregateChunk = defineRoute({
  name: 'aggregateChunk',
  summary: 'Published chunk of the sum',
  method: 'GET',
  path: '/v1/attempts/:planHash/aggregate/:segment/:chunk',
  listener: 'connector',
  params: chunkParams,
  response: octets(8 * 2 ** 20),
  status: 200,
  errors: read,
});
