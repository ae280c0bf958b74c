import { z } from 'zod';
import { defineRoute, text } from '../route.ts';

const guarded = ['UNAUTHENTICATED', 'FORBIDDEN', 'UNAVAILABLE'] as const;
const readers = ['platform-operator', 'tenant-admin', 'data-steward', 'privacy-officer', 'auditor'] as const;
const size = z.string().regex(/^(0|[1-9][0-9]{0,19})$/);

export const checkpoint = defineRoute({
  name: 'checkpoint',
  summary: 'Newest signed checkpoint with the cosignatures it has',
  method: 'GET',
  path: '/v1/log/checkpoint',
  listener: 'management',
  roles: readers,
  response: text(262_144),
  status: 200,
  errors: [...guarded, 'NOT_FOUND'],
});

export const inclusionProof = defineRoute({
  name: 'inclusionProof',
  summary: 'Inclusion proof of a leaf in the tree of a size',
  method: 'GET',
  path: '/v1/log/inclusion',
  listener: 'management',
  roles: readers,
  query: z.strictObject({ index: size, size }),
  response: z.strictObject({ leafHash: z.string(), proof: z.array(z.string()) }),
  status: 200,
  errors: [...guarded, 'NOT_FOUND'],
});

export const consistencyProof = defineRoute({
  name: 'consistencyProof',
  summary: 'Consistency proof between the trees of two sizes',
  method: 'GET',
  path: '/v1/log/consistency',
  listener: 'management',
  roles: readers,
  query: z.strictObject({ from: size, to: size }),
  response: z.strictObject({ proof: z.array(z.string()) }),
  status: 200,
  errors: [...guarded, 'NOT_FOUND'],
});

export const leafProof = defineRoute({
  name: 'leafProof',
  summary: 'C2SP tlog-proof of a leaf under the newest checkpoint with quorum',
  method: 'GET',
  path: '/v1/log/proof/:index',
  listener: 'management',
  roles: ['auditor'],
  params: z.strictObject({ index: size }),
  response: text(262_144),
  status: 200,
  errors: [...guarded, 'NOT_FOUND'],
});
