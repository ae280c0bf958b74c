import { type DsseEnvelope, memberByTenant, type Roster } from '@sumveil/wire';
import { type ApproverRole, approverRole, parseApproval, type SubjectKind } from './approval.ts';
import { type CountedApproval, type ReasonCode, type TenantQuestion, tenantInCohort } from './tenant-in-cohort.ts';

export interface CohortQuestion {
  readonly roster: Roster;
  /** `cohort.members` of the plan file: who may be in. */
  readonly eligible: readonly string[];
  /** Newest list of each tenant, by tenantRef. */
  readonly approverLists: ReadonlyMap<string, DsseEnvelope>;
  readonly approvals: readonly DsseEnvelope[];
  readonly planDigest: string;
  readonly requesterRef: string;
  readonly at: TenantQuestion['at'];
  readonly ownWithdrawals?: readonly DsseEnvelope[];
}

export interface TenantRow {
  readonly tenantRef: string;
  readonly in: boolean;
  readonly counted: readonly CountedApproval[];
  readonly reasons: readonly (ReasonCode | 'NOT_IN_ROSTER')[];
}

/** What a policy decision is told about the approvals. */
export interface ApprovalCount {
  /** Roles granted in *every* cohort tenant; for subjects without a cohort, roles granted anywhere. */
  readonly approvedRoles: readonly ApproverRole[];
  readonly distinctApprovers: number;
  readonly tenantCount: number;
  /** The requester approved too, whether or not that would have mattered. */
  readonly requesterIsApprover: boolean;
  /** Earliest expiry counted, ms since 1970; undefined when nothing counts. */
  readonly approvalsExpireAt: number | undefined;
  readonly counted: readonly CountedApproval[];
}

export interface Cohort extends ApprovalCount {
  /** Tenants that are in, in the order of `eligible`. */
  readonly members: readonly string[];
  readonly tenants: readonly TenantRow[];
}

/** Applies the rule to every eligible tenant; a refusal or silence takes out one tenant and nobody else. */
export function cohortOf(question: CohortQuestion): Cohort {
  const byTenant = approvalsByTenant(question.approvals);
  const rows = question.eligible.map((tenantRef) =>
    judge({ ...question, approvals: byTenant.get(tenantRef) ?? [] }, tenantRef, 'plan', question.planDigest),
  );
  const inside = rows.filter((row) => row.in);
  return {
    members: inside.map((row) => row.tenantRef),
    tenants: rows.map(({ tenantRef, in: isIn, counted, reasons }) => ({ tenantRef, in: isIn, counted, reasons })),
    ...count(inside, rows),
    approvedRoles: rolesIn(inside, (role) => inside.every((row) => row.counted.some((a) => a.role === role))),
  };
}

export interface SubjectQuestion {
  readonly roster: Roster;
  readonly approverLists: ReadonlyMap<string, DsseEnvelope>;
  readonly approvals: readonly DsseEnvelope[];
  readonly kind: Exclude<SubjectKind, 'plan'>;
  readonly digest: string;
  readonly requesterRef: string;
  readonly at: TenantQuestion['at'];
}

/**
 * Approvals of a promotion, rollback or other subject that has no cohort: every grant that holds counts, except those of
 * tenants where somebody refused or withdrew.
 */
export function approvalsOn(question: SubjectQuestion): ApprovalCount {
  const byTenant = approvalsByTenant(question.approvals);
  const rows = question.roster.members
    .map(({ tenantRef }) => {
      const approvals = byTenant.get(tenantRef) ?? [];
      return judge({ ...question, approvals }, tenantRef, question.kind, question.digest);
    })
    .map((row) => ({ ...row, counted: row.valid }));
  const granting = rows.filter((row) => row.counted.length > 0);
  return {
    ...count(granting, rows),
    approvedRoles: rolesIn(granting, (role) => granting.some((row) => row.counted.some((a) => a.role === role))),
  };
}

/** By the tenant they say they are of, each envelope read once and nothing verified; what is no approval concerns nobody. */
export function approvalsByTenant(approvals: readonly DsseEnvelope[]): Map<string, DsseEnvelope[]> {
  const groups = new Map<string, DsseEnvelope[]>();
  for (const envelope of approvals) {
    const tenantRef = tenantOf(envelope);
    if (tenantRef === undefined) continue;
    groups.set(tenantRef, [...(groups.get(tenantRef) ?? []), envelope]);
  }
  return groups;
}

function tenantOf(envelope: DsseEnvelope): string | undefined {
  try {
    return parseApproval(envelope).tenantRef;
  } catch {
    return undefined;
  }
}

interface Row extends TenantRow {
  readonly valid: readonly CountedApproval[];
  readonly requesterApproved: boolean;
}

function judge(
  question: Omit<CohortQuestion, 'eligible' | 'planDigest'>,
  tenantRef: string,
  kind: SubjectKind,
  planDigest: string,
): Row {
  const member = memberByTenant(question.roster, tenantRef);
  if (!member)
    return { tenantRef, in: false, counted: [], valid: [], reasons: ['NOT_IN_ROSTER'], requesterApproved: false };
  const verdict = tenantInCohort({
    ...question,
    tenantRef,
    rosterKey: member.rosterKey,
    approverList: question.approverLists.get(tenantRef),
    planDigest,
    kind,
  });
  return { tenantRef, ...verdict };
}

function count(inside: readonly Row[], all: readonly Row[]): Omit<ApprovalCount, 'approvedRoles'> {
  const counted = inside.flatMap((row) => row.counted);
  const expiries = counted.map((a) => Date.parse(a.expiresAt));
  return {
    distinctApprovers: new Set(counted.map((a) => a.approverRef)).size,
    tenantCount: inside.length,
    requesterIsApprover: all.some((row) => row.requesterApproved),
    approvalsExpireAt: expiries.length > 0 ? Math.min(...expiries) : undefined,
    counted,
  };
}

function rolesIn(inside: readonly Row[], granted: (role: ApproverRole) => boolean): ApproverRole[] {
  return inside.length === 0 ? [] : approverRole.options.filter(granted);
}
