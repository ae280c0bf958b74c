import type { Roster } from '@sumveil/secagg';
import { verifyTlogProof } from '@sumveil/transparency';
import type { GateContext } from './context.ts';
import { digestText } from './grant.ts';
import type { Material } from './material.ts';
import { GateRefusal, under } from './verdict.ts';

/**
 * GATE_LOG_PROOF: the leaves of this plan, this grant and this round stand in the log, under a checkpoint that a quorum of
 * witnesses cosigned and that is not older than what this connector cosigned itself. So "log before act" is no promise of
 * the coordinator's, and neither is who asked for the plan: approvals were judged by what the leaf says.
 */
export function checkLogProofs(material: Material, context: GateContext, roster: Roster): void {
  const { raw, grantLeaf, roundLeaf } = material;
  const { size, fork } = context.witness;
  if (fork) throw new GateRefusal('GATE_LOG_PROOF', 'the log has shown this connector two histories');
  under('GATE_LOG_PROOF', () => {
    verifyTlogProof(raw.planProof, raw.planLeaf, roster, { minSize: size });
    verifyTlogProof(raw.grantProof, raw.grantLeaf, roster, { minSize: size });
    verifyTlogProof(raw.roundProof, raw.roundLeaf, roster, { minSize: size });
  });
  const fault = planLeafFault(material) ?? grantLeafFault(material) ?? roundLeafFault(material, roster);
  if (fault) throw new GateRefusal('GATE_LOG_PROOF', fault);
  if (roundLeaf.run !== grantLeaf.run) throw new GateRefusal('GATE_LOG_PROOF', 'the leaves belong to two runs');
}

function planLeafFault({ planLeaf, planDigest, manifest }: Material): string | undefined {
  if (planLeaf.planDigest !== planDigest) return 'the leaf is of another plan';
  return same(planLeaf.eligible, manifest.cohort.members) ? undefined : 'the plan’s leaf names other tenants';
}

function grantLeafFault({ grantLeaf, grant, grantDigest, planDigest }: Material): string | undefined {
  if (grantLeaf.grantDigest !== grantDigest || grantLeaf.grantId !== grant.grantId)
    return 'the leaf is of another grant';
  if (grantLeaf.planDigest !== planDigest || grantLeaf.run !== grant.runId)
    return 'the grant’s leaf names another plan';
  return same(grantLeaf.cohort, grant.cohort.members) ? undefined : 'the grant’s leaf names another cohort';
}

function roundLeafFault({ roundLeaf, plan, grantDigest }: Material, roster: Roster): string | undefined {
  if (roundLeaf.planHash !== digestText(plan.planHash)) return 'the leaf is of another round plan';
  if (roundLeaf.round !== plan.round || roundLeaf.attempt !== plan.attempt) return 'the leaf is of another round';
  if (roundLeaf.run !== plan.jobId || roundLeaf.grantDigest !== grantDigest)
    return 'the round’s leaf names another grant';
  const cohort = roster.members.filter((m) => plan.cohort.includes(m.idx)).map((m) => m.tenantRef);
  return same(roundLeaf.cohort, cohort) ? undefined : 'the round’s leaf names another cohort';
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.toSorted().every((ref, i) => ref === b.toSorted()[i]);
}
