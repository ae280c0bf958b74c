import type { DsseEnvelope } from '@sumveil/wire';
import {
  type Approval,
  type ApproverRole,
  parseApproval,
  type SubjectKind,
  type Ticket,
  verifyApproval,
} from './approval.ts';
import { type ApproverList, verifyApproverList } from './approver-list.ts';
import { envelopeDigest } from './envelope.ts';

const DAY = 86_400_000;
/** Longest life of an approval (governance section 3). */
export const MAX_APPROVAL_MS = 30 * DAY;
/** How far an approver's clock may be ahead of the judge's (governance section 9, F14). */
const CLOCK_LEEWAY_MS = 60_000;

export type ReasonCode =
  | 'LIST_MISSING'
  | 'LIST_INVALID'
  | 'APPROVAL_INVALID'
  | 'ROLE_NOT_HELD'
  | 'REQUESTER_APPROVED'
  | 'EXPIRED'
  | 'NOT_YET_VALID'
  | 'TOO_LONG'
  | 'REFUSED'
  | 'WITHDRAWN'
  | 'STEWARD_MISSING'
  | 'OFFICER_MISSING'
  | 'SAME_PERSON';

export interface CountedApproval {
  readonly tenantRef: string;
  readonly approvalId: string;
  readonly role: ApproverRole;
  readonly approverRef: string;
  readonly ticket: Ticket;
  /** RFC 3339, as signed. */
  readonly expiresAt: string;
  readonly envelopeDigest: string;
}

export interface TenantQuestion {
  readonly tenantRef: string;
  /** Roster key of the tenant, base64url. */
  readonly rosterKey: string;
  readonly approverList: DsseEnvelope | undefined;
  /** Everything known at the moment of judging; envelopes of other tenants or digests are skipped. */
  readonly approvals: readonly DsseEnvelope[];
  /** The digest that was approved: the plan's, or that of another subject of `kind`. */
  readonly planDigest: string;
  readonly kind?: SubjectKind;
  readonly requesterRef: string;
  /** Date, RFC 3339 text or ms since 1970. */
  readonly at: Date | string | number;
  /** What approvers handed straight to the tenant's own connector; the coordinator cannot hide these. */
  readonly ownWithdrawals?: readonly DsseEnvelope[];
}

export interface TenantVerdict {
  readonly in: boolean;
  /** When in: one data steward and one privacy officer, two people, the pair that lasts longest. Else empty. */
  readonly counted: readonly CountedApproval[];
  /** Every grant that holds, the requester's left out; empty after a veto. */
  readonly valid: readonly CountedApproval[];
  readonly reasons: readonly ReasonCode[];
  /** The requester holds a valid approval of their own here; it never counts. */
  readonly requesterApproved: boolean;
}

/**
 * The one rule "eligible → cohort" (governance section 3), used by coordinator, signer, connector gate and offline
 * verifier. Fails closed: whatever does not verify is not counted. A refusal or withdrawal by anybody on the list is
 * final, whatever its date, role or expiry, because a coordinator could otherwise choose the order it shows.
 */
export function tenantInCohort(question: TenantQuestion): TenantVerdict {
  const reasons = new Set<ReasonCode>();
  const list = readList(question, reasons);
  if (!list) return { in: false, counted: [], valid: [], reasons: [...reasons], requesterApproved: false };
  const known = onSubject(question, list, reasons);
  const valid = known.filter((entry) => isValidGrant(entry.approval, list, question, reasons));
  const requesterApproved = valid.some((entry) => entry.approval.approverRef === question.requesterRef);
  if (requesterApproved) reasons.add('REQUESTER_APPROVED');
  const vetoes = known.filter((entry) => entry.approval.decision !== 'granted');
  for (const { approval } of vetoes) reasons.add(approval.decision === 'refused' ? 'REFUSED' : 'WITHDRAWN');
  if (vetoes.length > 0) return { in: false, counted: [], valid: [], reasons: [...reasons], requesterApproved };
  const others = valid.filter((entry) => entry.approval.approverRef !== question.requesterRef);
  const counted = longestPair(others, reasons).map(countedOf);
  const isIn = counted.length === 2;
  return { in: isIn, counted, valid: others.map(countedOf), reasons: [...reasons], requesterApproved };
}

function readList(question: TenantQuestion, reasons: Set<ReasonCode>): ApproverList | undefined {
  if (!question.approverList) {
    reasons.add('LIST_MISSING');
    return undefined;
  }
  try {
    return verifyApproverList(question.approverList, question);
  } catch {
    reasons.add('LIST_INVALID');
    return undefined;
  }
}

interface Entry {
  readonly approval: Approval;
  readonly envelope: DsseEnvelope;
}

function onSubject(question: TenantQuestion, list: ApproverList, reasons: Set<ReasonCode>): Entry[] {
  const entries: Entry[] = [];
  for (const envelope of [...question.approvals, ...(question.ownWithdrawals ?? [])]) {
    if (!concerns(envelope, question)) continue;
    try {
      entries.push({ approval: verifyApproval(envelope, list), envelope });
    } catch {
      // Not by anybody on the list: neither a grant nor a veto, else a stranger could stop a tenant.
      reasons.add('APPROVAL_INVALID');
    }
  }
  return entries;
}

function concerns(envelope: DsseEnvelope, question: TenantQuestion): boolean {
  try {
    const { tenantRef, subject } = parseApproval(envelope);
    return (
      tenantRef === question.tenantRef &&
      subject.digest === question.planDigest &&
      subject.kind === (question.kind ?? 'plan')
    );
  } catch {
    return false;
  }
}

function isValidGrant(approval: Approval, list: ApproverList, q: TenantQuestion, reasons: Set<ReasonCode>): boolean {
  if (approval.decision !== 'granted') return false;
  const at = new Date(q.at).getTime();
  const [issued, expires] = [Date.parse(approval.issuedAt), Date.parse(approval.expiresAt)];
  const approver = list.approvers.find((a) => a.approverRef === approval.approverRef);
  const fault: ReasonCode | undefined = !approver?.roles.includes(approval.role)
    ? 'ROLE_NOT_HELD'
    : !(expires - issued <= MAX_APPROVAL_MS)
      ? 'TOO_LONG'
      : !(at < expires)
        ? 'EXPIRED'
        : !(issued <= at + CLOCK_LEEWAY_MS)
          ? 'NOT_YET_VALID'
          : undefined;
  if (fault) reasons.add(fault);
  return fault === undefined;
}

function longestPair(entries: readonly Entry[], reasons: Set<ReasonCode>): Entry[] {
  const stewards = entries.filter((e) => e.approval.role === 'data-steward');
  const officers = entries.filter((e) => e.approval.role === 'privacy-officer');
  if (stewards.length === 0) reasons.add('STEWARD_MISSING');
  if (officers.length === 0) reasons.add('OFFICER_MISSING');
  const pairs = stewards.flatMap((s) =>
    officers.filter((o) => o.approval.approverRef !== s.approval.approverRef).map((o) => [s, o] as const),
  );
  if (pairs.length === 0) {
    if (stewards.length > 0 && officers.length > 0) reasons.add('SAME_PERSON');
    return [];
  }
  // RFC 3339 in UTC with ms sorts as text; the ids break ties, so every judge counts the same pair.
  const rank = (pair: readonly Entry[]) =>
    pair.map((e) => e.approval.expiresAt).toSorted()[0]! + pair.map((e) => ` ${e.approval.approvalId}`).join('');
  const best = pairs.reduce((a, b) => (rank(b) > rank(a) ? b : a));
  return [...best];
}

function countedOf({ approval, envelope }: Entry): CountedApproval {
  const { tenantRef, approvalId, role, approverRef, ticket, expiresAt } = approval;
  return { tenantRef, approvalId, role, approverRef, ticket, expiresAt, envelopeDigest: envelopeDigest(envelope) };
}
