import { z } from 'zod';
import { digest, timestamp } from '../../scalars.ts';
import { defineRoute, octets, text } from '../route.ts';

const guarded = ['UNAUTHENTICATED', 'FORBIDDEN', 'UNAVAILABLE'] as const;
const version = z.strictObject({
  model: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
  version: z.coerce.number().int().min(1),
});
/** Why an auditor reads: kept as a digest in the log. */
const reason = z.strictObject({ reason: z.string().min(1).max(200) });

export const listModels = defineRoute({
  name: 'listModels',
  summary: 'Model versions, newest first',
  method: 'GET',
  path: '/v1/models',
  listener: 'management',
  roles: ['platform-operator', 'tenant-admin', 'data-steward', 'privacy-officer', 'auditor'],
  response: z.strictObject({
    versions: z.array(
      z.strictObject({
        model: z.string(),
        version: z.number().int(),
        digest,
        parentDigest: digest,
        runId: z.string(),
        round: z.number().int(),
        metrics: z.record(z.string(), z.number().nullable()),
        createdAt: timestamp,
      }),
    ),
  }),
  status: 200,
  errors: guarded,
});

export const modelFile = defineRoute({
  name: 'modelFile',
  summary: 'Model version as safetensors',
  method: 'GET',
  path: '/v1/models/:model/versions/:version/file',
  listener: 'management',
  roles: ['platform-operator', 'tenant-admin'],
  params: version,
  response: octets(4 * 2 ** 30),
  status: 200,
  errors: [...guarded, 'NOT_FOUND'],
});

/** Zip of governance section 6, sealed by the report key over a checkpoint with quorum. */
export const exportBundle = defineRoute({
  name: 'exportBundle',
  summary: 'Evidence bundle of a model version; reading it is itself logged',
  method: 'POST',
  path: '/v1/models/:model/versions/:version/bundle',
  listener: 'management',
  roles: ['auditor', 'tenant-admin', 'data-steward', 'privacy-officer'],
  params: version,
  body: reason,
  response: octets(2 ** 30),
  status: 200,
  errors: [...guarded, 'NOT_FOUND', 'CONFLICT', 'POLICY_DENIED'],
});

export const lineageReport = defineRoute({
  name: 'lineageReport',
  summary: 'Lineage report of a model version as printable HTML or JSON; reading it is itself logged',
  method: 'GET',
  path: '/v1/models/:model/versions/:version/report.:format',
  listener: 'management',
  roles: ['auditor', 'tenant-admin', 'data-steward', 'privacy-officer'],
  params: version.extend({ format: z.enum(['html', 'json']) }),
  query: reason,
  response: text(32 * 2 ** 20, 'application/octet-stream'),
  status: 200,
  errors: [...guarded, 'NOT_FOUND', 'POLICY_DENIED'],
});
