import { z } from 'zod';
import { digest } from '../../scalars.ts';
import { defineRoute, octets, text } from '../route.ts';

const runId = z.strictObject({ runId: z.string().max(64) });

export const runPlan = defineRoute({
  name: 'runPlan',
  summary: 'Plan file of a run that this tenant is in, exact bytes as submitted',
  method: 'GET',
  path: '/v1/runs/:runId/plan',
  listener: 'connector',
  params: runId,
  response: text(262_144, 'application/yaml'),
  status: 200,
  errors: ['NOT_FOUND', 'UNAUTHENTICATED', 'UNAVAILABLE'],
});

/** What the gate needs to judge a run; leaf and proof as in C2SP tlog-proof. All bytes in base64. */
export const runGrant = defineRoute({
  name: 'runGrant',
  summary: 'Grant in force and submitted plan, each with its leaf and log proof, and the approver lists of the cohort',
  method: 'GET',
  path: '/v1/runs/:runId/grant',
  listener: 'connector',
  params: runId,
  response: z.strictObject({
    grant: z.base64(),
    leaf: z.base64(),
    proof: z.string(),
    /** Newest list of each cohort tenant and each eligible tenant whose approvals are in the grant. */
    approverLists: z.array(z.base64()),
    /** `plan.submitted`: who asked for the plan, under a quorum and not by the coordinator's word alone. */
    planLeaf: z.base64(),
    planProof: z.string(),
  }),
  status: 200,
  errors: ['NOT_FOUND', 'UNAUTHENTICATED', 'UNAVAILABLE'],
});

export const artifact = defineRoute({
  name: 'artifact',
  summary: 'Model artifact by digest, for the cohort of a run that uses it',
  method: 'GET',
  path: '/v1/artifacts/:digest',
  listener: 'connector',
  params: z.strictObject({ digest }),
  response: octets(4 * 2 ** 30),
  status: 200,
  errors: ['NOT_FOUND', 'UNAUTHENTICATED', 'UNAVAILABLE'],
});

/** DSSE envelope by the roster key, type application/vnd.sumveil.gate-refusal.v1+json. */
export const refuse = defineRoute({
  name: 'refuse',
  summary: 'Signed refusal of this tenant’s local gate',
  method: 'POST',
  path: '/v1/runs/:runId/refusals',
  listener: 'connector',
  params: runId,
  body: text(16_384, 'application/json'),
  response: null,
  status: 204,
  errors: ['MESSAGE_REFUSED', 'NOT_FOUND', 'UNAUTHENTICATED', 'UNAVAILABLE'],
});
