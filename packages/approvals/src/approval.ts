import type { KeyObject } from 'node:crypto';
import { type DsseEnvelope, digest, ref, ticketId, timestamp } from '@sumveil/wire';
import { z } from 'zod';
import type { ApproverList } from './approver-list.ts';
import { payloadKind, readPayload, signedBy, writePayload } from './envelope.ts';
import { ApprovalsError } from './error.ts';

export const APPROVAL_TYPE = 'application/vnd.sumveil.approval.v1+json';

/** The two roles that can approve; operators and auditors hold no other role (governance section 2). */
export const approverRole = z.enum(['data-steward', 'privacy-officer']);
export type ApproverRole = z.infer<typeof approverRole>;

export const subjectKind = z.enum(['plan', 'promotion', 'rollback', 'policy-bundle', 'enrolment', 'key-ceremony']);
export type SubjectKind = z.infer<typeof subjectKind>;

/** Reference into the tenant's own change system, kept verbatim and never looked up by the coordinator. */
export const ticket = z.strictObject({ system: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/), id: ticketId });
export type Ticket = z.infer<typeof ticket>;

/** Governance section 3. `expiresAt ≤ 30 d` is a rule for counting, not of the format: a longer refusal still refuses. */
export const approvalPayload = z.strictObject({
  v: z.literal(1),
  approvalId: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
  ticket,
  decision: z.enum(['granted', 'refused', 'withdrawn']),
  reasonCode: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]{0,63}$/)
    .optional(),
  role: approverRole,
  approverRef: ref,
  tenantRef: ref,
  subject: z.strictObject({ kind: subjectKind, digest }),
  issuedAt: timestamp,
  expiresAt: timestamp,
  nonce: z.string().regex(/^[A-Za-z0-9_-]{22,43}$/),
});
export type Approval = z.infer<typeof approvalPayload>;

const kind = payloadKind(APPROVAL_TYPE, 'an approval', approvalPayload, 1_024);

/** @param key the approver's own Ed25519 private key */
export function buildApproval(fields: Omit<Approval, 'v'>, key: KeyObject): DsseEnvelope {
  return writePayload(kind, { v: 1, ...fields }, key);
}

/** Reads without checking the signature. @throws ApprovalsError `FORMAT` */
export function parseApproval(envelope: DsseEnvelope): Approval {
  return readPayload(kind, envelope);
}

/**
 * An approval by somebody on this list, signed with the key the list gives them. Whether it counts is decided elsewhere.
 *
 * @param list already verified with the tenant's roster key
 * @throws ApprovalsError `FORMAT`, or `SIGNATURE` when nobody on the list made it
 */
export function verifyApproval(envelope: DsseEnvelope, list: ApproverList): Approval {
  const approval = parseApproval(envelope);
  const approver = list.approvers.find((a) => a.approverRef === approval.approverRef);
  if (approval.tenantRef !== list.tenantRef || !approver)
    throw new ApprovalsError('SIGNATURE', 'the approver is not on this tenant’s approver list');
  if (!signedBy(envelope, APPROVAL_TYPE, approver.key))
    throw new ApprovalsError('SIGNATURE', 'the approval is not signed with the key on the approver list');
  return approval;
}
