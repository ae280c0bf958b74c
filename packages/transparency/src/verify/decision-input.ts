import { parseCanonical } from '@sumveil/wire';
import { z } from 'zod';
import { attempt } from './result.ts';

const entityId = z.looseObject({ type: z.string(), id: z.string() });
const region = z.looseObject({ __entity: entityId }).transform((value) => value.__entity.id);

const anyInput = z.looseObject({ action: entityId, resource: entityId });

/** Facts that Cedar was told about a gate: what packages/policy `gateRequest` writes. */
const gateInput = z.looseObject({
  resource: entityId,
  context: z.strictObject({
    now: z.int(),
    planDigest: z.string(),
    cohortSize: z.int(),
    cohortRegions: z.array(region),
    epsSpentMicro: z.int(),
    epsNextMicro: z.int(),
    approvals: z.array(
      z.strictObject({
        ticket: z.string(),
        role: z.string(),
        approver: z.string(),
        tenant: z.string(),
        planDigest: z.string(),
        expiresAt: z.int(),
      }),
    ),
    approvedRoles: z.array(z.string()),
    distinctApprovers: z.int(),
    requesterIsApprover: z.boolean(),
    approvalsExpireAt: z.int(),
    policyBundle: z.string(),
  }),
  entities: z.array(z.looseObject({ uid: entityId, attrs: z.record(z.string(), z.unknown()) })),
});
export type GateInput = z.infer<typeof gateInput>;
export type GateContext = GateInput['context'];

const runAttrs = z.looseObject({
  model: region,
  planDigest: z.string(),
  minCohort: z.int(),
  epsBudgetMicro: z.int(),
  needRoles: z.array(z.string()),
  needApprovers: z.int(),
});
const modelAttrs = z.looseObject({ allowedRegions: z.array(region) });

export function actionIn(input: Uint8Array, at: string): string {
  return attempt(at, () => anyInput.parse(parseCanonical(input))).action.id;
}

export function resourceIn(input: Uint8Array, at: string): string {
  return attempt(at, () => anyInput.parse(parseCanonical(input))).resource.id;
}

export function gateInputIn(input: Uint8Array, at: string): GateInput {
  return attempt(at, () => gateInput.parse(parseCanonical(input)));
}

/** Attributes of the run and of its model, of which the entities hold one each and nothing more. */
export function entitiesIn({ entities }: GateInput, run: string, model: string) {
  const attrsOf = (type: string, id: string) =>
    entities.find(({ uid }) => uid.type === type && uid.id === id)?.attrs ?? {};
  return {
    alone: entities.length === 2,
    run: runAttrs.parse(attrsOf('Sumveil::Run', run)),
    model: modelAttrs.parse(attrsOf('Sumveil::Model', model)),
  };
}
