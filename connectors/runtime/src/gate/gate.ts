import type { CheckedPlan, Roster } from '@sumveil/secagg';
import type { GateContext } from './context.ts';
import { checkOtherApprovals, checkOwnApproval, checkPlanDigest, checkSigner, checkTimes } from './grant.ts';
import { checkBudget, checkDataContract, checkLocalPolicy } from './limits.ts';
import { checkLogProofs } from './log-proof.ts';
import { type Material, type RawMaterial, readMaterial } from './material.ts';
import { checkProtocol } from './protocol.ts';
import { type GateFault, GateRefusal } from './verdict.ts';

export interface Passed {
  readonly material: Material;
  readonly roster: Roster;
  /** The only kind of plan that the protocol's steps take. */
  readonly plan: CheckedPlan;
}

export type Verdict =
  | { readonly ok: true; readonly passed: Passed }
  | { readonly ok: false; readonly fault: GateFault };

/**
 * The local gate of governance section 3: the tenant decides last. All checks in their order, before training and again
 * before the masked upload; the first that fails is the answer.
 */
export async function judge(raw: RawMaterial, contextOf: (material: Material) => GateContext): Promise<Verdict> {
  try {
    const material = readMaterial(raw);
    const context = contextOf(material);
    const roster = checkSigner(material, context);
    checkPlanDigest(material);
    checkTimes(material, context);
    checkOwnApproval(material, context, roster);
    checkOtherApprovals(material, context, roster);
    checkLogProofs(material, context, roster);
    checkLocalPolicy(material, context);
    await checkDataContract(material, context);
    checkBudget(material, context);
    const plan = checkProtocol(material, context, roster);
    return { ok: true, passed: { material, roster, plan } };
  } catch (error) {
    if (error instanceof GateRefusal) return { ok: false, fault: error.fault };
    throw error;
  }
}
