import { cohortOf } from '@sumveil/approvals';
import type { GateFacts } from '@sumveil/policy';
import type { Roster } from '@sumveil/secagg';
import { type DsseEnvelope, parseDsse } from '@sumveil/wire';
import { databaseNow, type Tx } from '../../db/client.ts';
import { type ApprovedPlan, epsilonCapMicro } from '../../plan/approved-plan.ts';

export type Cohort = ReturnType<typeof cohortOf>;

/** Envelopes of approvals and approver lists as the coordinator holds them; nothing in them is believed unverified. */
export interface ApprovalEvidence {
  readonly approvals: DsseEnvelope[];
  readonly lists: Map<string, DsseEnvelope>;
}

export async function approvalEvidence(tx: Tx, planDigest: string): Promise<ApprovalEvidence> {
  const approvals = await tx.approval.findMany({
    where: { subjectKind: 'plan', subjectDigest: planDigest },
    orderBy: { id: 'asc' },
  });
  const rows = await tx.approverList.findMany({ orderBy: { version: 'asc' } });
  const lists = new Map(rows.map((row) => [row.tenantRef, parseDsse(row.envelope)] as const));
  return { approvals: approvals.map((row) => parseDsse(row.envelope)), lists };
}

/** Which of `eligible` are in, judged now by the one rule of governance section 3. */
export async function judgeCohort(
  tx: Tx,
  plan: ApprovedPlan,
  roster: Roster,
  eligible: readonly string[],
): Promise<Cohort> {
  const { approvals, lists } = await approvalEvidence(tx, plan.digest);
  return cohortOf({
    roster,
    eligible: [...eligible],
    approverLists: lists,
    approvals,
    planDigest: plan.digest,
    requesterRef: plan.requesterRef,
    at: await databaseNow(tx),
  });
}

/** Facts for Cedar, counted from rows in the transaction that decides; Cedar itself cannot count or sum. */
export async function gateFacts(
  tx: Tx,
  o: { plan: ApprovedPlan; runId: string; cohort: Cohort; policyBundle: string },
): Promise<GateFacts> {
  const { plan, cohort } = o;
  const { manifest } = plan;
  const members = await tx.tenant.findMany({
    where: { ref: { in: [...cohort.members] } },
    select: { region: true, status: true },
  });
  const active = members.filter((tenant) => tenant.status === 'active');
  const spent = await tx.privacyCharge.aggregate({ where: { runId: o.runId }, _sum: { epsilonMicro: true } });
  return {
    now: (await databaseNow(tx)).getTime(),
    run: {
      id: o.runId,
      planDigest: plan.digest,
      minCohort: manifest.cohort.min,
      epsBudgetMicro: epsilonCapMicro(plan),
      needRoles: manifest.approvals.roles,
      needApprovers: manifest.approvals.approvers,
    },
    model: { id: manifest.model.name, riskTier: 'standard', allowedRegions: manifest.regions },
    planDigest: plan.digest,
    cohortSize: active.length,
    cohortRegions: [...new Set(members.map((tenant) => tenant.region))].sort(),
    epsSpentMicro: Number(spent._sum.epsilonMicro ?? 0n),
    epsNextMicro: 0,
    approvals: cohort.counted.map((approval) => ({
      ticket: `${approval.ticket.system}:${approval.ticket.id}`,
      role: approval.role,
      approver: approval.approverRef,
      tenant: approval.tenantRef,
      planDigest: plan.digest,
      expiresAt: Date.parse(String(approval.expiresAt)),
    })),
    approvedRoles: cohort.approvedRoles,
    distinctApprovers: cohort.distinctApprovers,
    requesterIsApprover: cohort.requesterIsApprover,
    approvalsExpireAt: cohort.approvalsExpireAt ?? 0,
    policyBundle: o.policyBundle,
  };
}
