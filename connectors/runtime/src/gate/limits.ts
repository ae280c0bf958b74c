import { checkLocalFloors, eachChunk } from '@sumveil/secagg';
import { canonicalBytes, digestOf } from '@sumveil/wire';
import { windowOpen } from '../policy/windows.ts';
import type { GateContext } from './context.ts';
import type { Material } from './material.ts';
import { GateRefusal, under } from './verdict.ts';

/** GATE_LOCAL_POLICY: limits of the tenant's own file; no field of plan, grant or message widens them. */
export function checkLocalPolicy(
  { grant, manifest, plan, task }: Material,
  { policy, now, codeDigest }: GateContext,
): void {
  const refuse = (why: string) => new GateRefusal('GATE_LOCAL_POLICY', why);
  under('GATE_LOCAL_POLICY', () => checkLocalFloors({ n: plan.cohort.length, c: plan.c }, policy));
  const { codeDigests, modelDigests, dataSchemas, maxRounds, maxUploadBytes, deltaInv, region } = policy;
  if (region !== undefined && !manifest.regions.includes(region))
    throw refuse(`the plan does not allow this site’s region ${region}`);
  if (grant.codeDigest !== codeDigest) throw refuse('the plan names other training code than runs here');
  if (codeDigests && !codeDigests.includes(grant.codeDigest))
    throw refuse('the training code is not on the allow list');
  if (modelDigests && !modelDigests.includes(grant.baseModelDigest))
    throw refuse('the base model is not on the allow list');
  if (dataSchemas && !dataSchemas.includes(schemaDigest(task)))
    throw refuse('the data schema is not on the allow list');
  if (!windowOpen(policy.windows, now)) throw refuse('outside the hours in which this site trains');
  const rounds = manifest.stages.reduce((sum, stage) => sum + stage.rounds, 0);
  if (maxRounds !== undefined && rounds > maxRounds)
    throw refuse(`the plan has ${rounds} rounds, allowed are ${maxRounds}`);
  const bytes = [...eachChunk(plan)].reduce((sum, chunk) => sum + chunk.bytes, 0);
  if (maxUploadBytes !== undefined && bytes > maxUploadBytes) throw refuse(`a round would upload ${bytes} bytes`);
  if (deltaInv !== undefined && plan.dp.mech !== 'none' && grant.deltaInv < deltaInv)
    throw refuse('delta is larger than allowed');
}

/** What `dataSchemas` lists: features and label of the task, whatever else the plan says. */
export function schemaDigest(task: { readonly features: unknown; readonly label: unknown }): string {
  return digestOf(canonicalBytes({ features: task.features, label: task.label }));
}

/** GATE_DATA: the tenant's rows keep the plan's contract. Code and field number leave the site, nothing else. */
export async function checkDataContract(material: Material, { data }: GateContext): Promise<void> {
  const fault = await data(material);
  if (fault) throw new GateRefusal('GATE_DATA', `${fault.code}: ${fault.detail}`, fault.field);
}

/**
 * GATE_BUDGET: the next charge fits under the grant's cap and the tenant's own. Without a mechanism nothing is spent, and
 * a plan that declares a budget for it is a contradiction.
 */
export function checkBudget({ grant, plan }: Material, { policy, spentMicro }: GateContext): void {
  const next = plan.dp.mech === 'none' ? 0 : grant.epsilonRoundMicro;
  const cap = Math.min(grant.epsilonTotalMicro, policy.maxEpsilonTotalMicro ?? Number.MAX_SAFE_INTEGER);
  if (policy.maxEpsilonRoundMicro !== undefined && next > policy.maxEpsilonRoundMicro)
    throw new GateRefusal('GATE_BUDGET', 'a round would spend more than the local policy allows');
  if (next > 0 && spentMicro + next > cap) throw new GateRefusal('GATE_BUDGET', 'the budget is spent');
}
