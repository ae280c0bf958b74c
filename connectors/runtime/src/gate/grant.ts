import { approvalsByTenant, parseApproverList, tenantInCohort, verifyGrant } from '@sumveil/approvals';
import type { Roster } from '@sumveil/secagg';
import { memberByTenant, toBase64url } from '@sumveil/wire';
import type { GateContext } from './context.ts';
import type { Material } from './material.ts';
import { GateRefusal, under } from './verdict.ts';

/**
 * GATE_SIGNER: plan and grant are made for the one roster that counts, and the grant is by its grant key. An earlier epoch
 * does not count any more: whoever was taken out of the roster would go on under it (secure-aggregation section 3).
 */
export function checkSigner({ grantEnvelope, grant, plan }: Material, { roster }: GateContext): Roster {
  if (!roster) throw new GateRefusal('GATE_SIGNER', 'no roster is pinned here');
  if (plan.rosterHash !== toBase64url(roster.rosterHash))
    throw new GateRefusal('GATE_SIGNER', `the plan names another roster than the pinned epoch ${roster.epoch}`);
  under('GATE_SIGNER', () => verifyGrant(grantEnvelope, roster.grantKey));
  if (grant.rosterHash !== `sha256:${roster.rosterHash.toString('hex')}`)
    throw new GateRefusal('GATE_SIGNER', 'the grant was made for another roster');
  return roster;
}

/** GATE_PLAN_DIGEST: grant, plan file and round plan speak of the same bytes and the same run. */
export function checkPlanDigest(material: Material): void {
  const { grant, planDigest, grantDigest, plan, manifest, raw } = material;
  const faults: [boolean, string][] = [
    [grant.planDigest === planDigest, 'the grant is for another plan file'],
    [hexOf(plan.planDigest) === planDigest, 'the round plan names another plan file'],
    [hexOf(plan.grantDigest) === grantDigest, 'the round plan names another grant'],
    [grant.runId === raw.runId && plan.jobId === raw.runId, 'grant or round plan belong to another run'],
    [grant.codeDigest === manifest.code.digest, 'the grant names other code than the plan file'],
    [grant.baseModelDigest === manifest.model.digest, 'the grant names another base model than the plan file'],
  ];
  const fault = faults.find(([holds]) => !holds);
  if (fault) throw new GateRefusal('GATE_PLAN_DIGEST', fault[1]);
}

/** GATE_EXPIRED: the grant's own times, by this connector's clock. */
export function checkTimes({ grant }: Material, { now }: GateContext): void {
  const window = grant.window ?? grant;
  if (now < Math.max(grant.notBefore, window.notBefore) - CLOCK_MS)
    throw new GateRefusal('GATE_EXPIRED', 'the grant does not hold yet');
  if (now >= Math.min(grant.expiresAt, window.expiresAt))
    throw new GateRefusal('GATE_EXPIRED', 'the grant has expired');
}

/** Clocks may differ by this much (governance section 9, F14). */
const CLOCK_MS = 60_000;

/** GATE_APPROVAL_OWN: by the list this connector signed itself, and never after an approver has refused or withdrawn here. */
export function checkOwnApproval(material: Material, context: GateContext, roster: Roster): void {
  const { tenantRef, ownApprovers, withdrawn, now } = context;
  if (!material.grant.cohort.members.includes(tenantRef))
    throw new GateRefusal('GATE_APPROVAL_OWN', 'this tenant is not in the grant');
  if (withdrawn.has(material.planDigest))
    throw new GateRefusal('GATE_APPROVAL_OWN', 'an own approver has refused or withdrawn the plan at this connector');
  const verdict = tenantInCohort({
    tenantRef,
    rosterKey: memberByTenant(roster, tenantRef)?.rosterKey ?? '',
    approverList: ownApprovers,
    approvals: material.grant.approvals,
    planDigest: material.planDigest,
    requesterRef: material.planLeaf.requesterRef,
    at: now,
  });
  if (!verdict.in) throw new GateRefusal('GATE_APPROVAL_OWN', verdict.reasons.join(', '));
}

/**
 * GATE_APPROVAL_OTHERS: the same rule for every other member, and nobody is in the cohort whom the plan did not name. A
 * coordinator that fills a cohort with tenants of its own making fails here, and so does one that shows a list of approvers
 * which its tenant has replaced.
 */
export function checkOtherApprovals(material: Material, context: GateContext, roster: Roster): void {
  const { grant, manifest, lists, planDigest, planLeaf } = material;
  const refuse = (why: string) => new GateRefusal('GATE_APPROVAL_OTHERS', why);
  const stranger = grant.cohort.members.find((member) => !manifest.cohort.members.includes(member));
  if (stranger) throw refuse(`${stranger} is in the cohort, but not eligible by the plan`);
  if (grant.cohort.members.length < Math.max(manifest.cohort.min, grant.cohort.min, roster.minCohort))
    throw refuse('the cohort is smaller than plan, grant or roster allow');
  const people = new Set<string>();
  const approvals = approvalsByTenant(grant.approvals);
  for (const tenantRef of grant.cohort.members) {
    const row = memberByTenant(roster, tenantRef);
    if (!row) throw refuse(`${tenantRef} is not in the roster`);
    const own = tenantRef === context.tenantRef;
    const list = own ? context.ownApprovers : lists.get(tenantRef);
    if (!own && list && parseApproverList(list).version < context.listSeen(tenantRef, row.rosterKey))
      throw refuse(`${tenantRef}: an older list of approvers than was shown before`);
    const verdict = tenantInCohort({
      tenantRef,
      rosterKey: row.rosterKey,
      approverList: list,
      approvals: approvals.get(tenantRef) ?? [],
      planDigest,
      requesterRef: planLeaf.requesterRef,
      at: context.now,
    });
    if (!verdict.in) throw refuse(`${tenantRef}: ${verdict.reasons.join(', ')}`);
    for (const { approverRef } of verdict.counted) people.add(approverRef);
  }
  if (people.size < manifest.approvals.approvers) throw refuse('fewer people have approved than the plan asks for');
}

function hexOf(base64url: string): string {
  return `sha256:${Buffer.from(base64url, 'base64url').toString('hex')}`;
}

export function digestText(bytes: Uint8Array): string {
  return `sha256:${Buffer.from(toBase64url(bytes), 'base64url').toString('hex')}`;
}
