import type { KeyObject } from 'node:crypto';
import { type DsseEnvelope, hash32, ref } from '@sumveil/wire';
import { z } from 'zod';
import { approverRole } from './approval.ts';
import { payloadKind, readPayload, signedBy, writePayload } from './envelope.ts';
import { ApprovalsError } from './error.ts';

export const APPROVERS_TYPE = 'application/vnd.sumveil.approvers.v1+json';

const distinct = <T>(list: readonly T[]): boolean => new Set(list).size === list.length;

/** Who may approve for one tenant. One person behind two refs or two keys would count twice, so both are distinct. */
export const approverListPayload = z.strictObject({
  v: z.literal(1),
  tenantRef: ref,
  version: z.int().min(1),
  approvers: z
    .array(z.strictObject({ approverRef: ref, roles: z.array(approverRole).min(1).refine(distinct), key: hash32 }))
    .max(1000)
    .refine((list) => distinct(list.map((a) => a.approverRef)), 'an approverRef appears twice')
    .refine((list) => distinct(list.map((a) => a.key)), 'a key appears twice'),
});
export type ApproverList = z.infer<typeof approverListPayload>;

const kind = payloadKind(APPROVERS_TYPE, 'an approver list', approverListPayload, 256);

/** @param key the tenant's roster key (Ed25519, private); `version` must be larger than that of the list before */
export function buildApproverList(fields: Omit<ApproverList, 'v'>, key: KeyObject): DsseEnvelope {
  return writePayload(kind, { v: 1, ...fields }, key);
}

/** Reads without checking the signature. @throws ApprovalsError `FORMAT` */
export function parseApproverList(envelope: DsseEnvelope): ApproverList {
  return readPayload(kind, envelope);
}

/**
 * The list of this tenant, signed with its roster key (base64url). A coordinator that shows another tenant's list, or one
 * of its own making, fails here.
 *
 * @throws ApprovalsError `FORMAT` or `SIGNATURE`
 */
export function verifyApproverList(
  envelope: DsseEnvelope,
  tenant: { tenantRef: string; rosterKey: string },
): ApproverList {
  const list = parseApproverList(envelope);
  if (list.tenantRef !== tenant.tenantRef)
    throw new ApprovalsError('SIGNATURE', 'the approver list is that of another tenant');
  if (!signedBy(envelope, APPROVERS_TYPE, tenant.rosterKey))
    throw new ApprovalsError('SIGNATURE', 'the approver list is not signed with the tenant’s roster key');
  return list;
}
