import { z } from 'zod';
import { digest, ref, ticketId, timestamp } from '../../scalars.ts';
import { defineRoute, octets, text } from '../route.ts';

const guarded = ['UNAUTHENTICATED', 'FORBIDDEN', 'UNAVAILABLE'] as const;
const planDigest = z.strictObject({ planDigest: digest });
const everybody = ['platform-operator', 'tenant-admin', 'data-steward', 'privacy-officer', 'auditor'] as const;

export const uploadModel = defineRoute({
  name: 'uploadModel',
  summary: 'Store a base model (safetensors) under its digest',
  method: 'POST',
  path: '/v1/artifacts',
  listener: 'management',
  roles: ['platform-operator', 'tenant-admin'],
  body: octets(64 * 2 ** 20),
  response: z.strictObject({ digest, size: z.number().int() }),
  status: 201,
  errors: [...guarded, 'BAD_REQUEST', 'TOO_LARGE', 'STORAGE_FULL'],
});

/** The bytes are the identity: `planDigest` is their SHA-256, approvals bind to it. */
export const submitPlan = defineRoute({
  name: 'submitPlan',
  summary: 'Submit a plan file; every fault is listed at once',
  method: 'POST',
  path: '/v1/plans',
  listener: 'management',
  roles: ['platform-operator', 'tenant-admin'],
  body: text(262_144, 'application/yaml'),
  response: z.strictObject({ planDigest: digest, name: z.string() }),
  status: 201,
  errors: [...guarded, 'PLAN_INVALID', 'TOO_LARGE'],
});

export const listPlans = defineRoute({
  name: 'listPlans',
  summary: 'Plans that concern the caller, newest first',
  method: 'GET',
  path: '/v1/plans',
  listener: 'management',
  roles: everybody,
  response: z.strictObject({
    plans: z.array(
      z.strictObject({
        planDigest: digest,
        name: z.string(),
        requesterRef: ref,
        submittedAt: timestamp,
        withdrawn: z.boolean(),
      }),
    ),
  }),
  status: 200,
  errors: guarded,
});

export const planFile = defineRoute({
  name: 'planFile',
  summary: 'Plan file, exact bytes as submitted',
  method: 'GET',
  path: '/v1/plans/:planDigest/file',
  listener: 'management',
  roles: everybody,
  params: planDigest,
  response: text(262_144, 'application/yaml'),
  status: 200,
  errors: [...guarded, 'NOT_FOUND'],
});

/** DSSE envelope signed with the approver's own key; the coordinator can carry it, not make it. */
export const submitApproval = defineRoute({
  name: 'submitApproval',
  summary: 'Hand in a signed approval, refusal or withdrawal',
  method: 'POST',
  path: '/v1/approvals',
  listener: 'management',
  roles: ['data-steward', 'privacy-officer'],
  body: text(16_384, 'application/json'),
  response: z.strictObject({ approvalId: z.string(), decision: z.enum(['granted', 'refused', 'withdrawn']) }),
  status: 201,
  errors: [...guarded, 'MESSAGE_REFUSED', 'NOT_FOUND', 'CONFLICT'],
});

export const planApprovals = defineRoute({
  name: 'planApprovals',
  summary: 'Approvals of a plan, and per eligible tenant whether it is in the cohort and why not',
  method: 'GET',
  path: '/v1/plans/:planDigest/approvals',
  listener: 'management',
  roles: everybody,
  params: planDigest,
  response: z.strictObject({
    approvals: z.array(
      z.strictObject({
        approvalId: z.string(),
        tenantRef: ref,
        approverRef: ref,
        role: z.string(),
        decision: z.enum(['granted', 'refused', 'withdrawn']),
        ticket: z.strictObject({ system: z.string(), id: ticketId }),
        expiresAt: timestamp,
      }),
    ),
    tenants: z.array(z.strictObject({ tenantRef: ref, in: z.boolean(), reasons: z.array(z.string()) })),
  }),
  status: 200,
  errors: [...guarded, 'NOT_FOUND'],
});
