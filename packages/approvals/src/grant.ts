import type { KeyObject } from 'node:crypto';
import { type DsseEnvelope, digest, digestOf, dsseEnvelope, dssePayload, ref } from '@sumveil/wire';
import { z } from 'zod';
import { payloadKind, readPayload, signedBy, writePayload } from './envelope.ts';
import { ApprovalsError } from './error.ts';

export const GRANT_TYPE = 'application/vnd.sumveil.grant.v1+json';

const id = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);
const micro = z.int().min(0);
/** ms since 1970 (round plans compare deadlines with these). */
const ms = z.int().min(0);

/** Governance section 3: says that all approvals of `planDigest` are there, and who is in the cohort because of them. */
export const grantPayload = z
  .strictObject({
    v: z.literal(1),
    grantId: id,
    /** grantDigest of the grant this one replaces; the cohort may only have shrunk. */
    prevGrant: digest.optional(),
    runId: id,
    rosterHash: digest,
    planDigest: digest,
    codeDigest: digest,
    baseModelDigest: digest,
    cohort: z.strictObject({ min: z.int().min(2), members: z.array(ref).min(2).max(1000) }),
    dataVersions: z.array(z.strictObject({ tenantRef: ref, digest })).max(1000),
    epsilonRoundMicro: micro,
    epsilonTotalMicro: micro,
    deltaInv: z.int().min(1),
    window: z.strictObject({ notBefore: ms, expiresAt: ms }).optional(),
    notBefore: ms,
    expiresAt: ms,
    approvals: z.array(dsseEnvelope).max(4000),
    policyBundle: digest,
    decisionId: id,
  })
  .refine((g) => new Set(g.cohort.members).size === g.cohort.members.length, 'a cohort member appears twice')
  .refine((g) => g.cohort.members.length >= g.cohort.min, 'the cohort is smaller than its minimum')
  .refine((g) => g.notBefore < g.expiresAt, 'the grant expires before it begins');
export type Grant = z.infer<typeof grantPayload>;

const kind = payloadKind(GRANT_TYPE, 'a grant', grantPayload, 8);

/** @param key the roster's grant key (Ed25519, private) */
export function buildGrant(fields: Omit<Grant, 'v'>, key: KeyObject): DsseEnvelope {
  return writePayload(kind, { v: 1, ...fields }, key);
}

/** Reads without checking the signature. @throws ApprovalsError `FORMAT` */
export function parseGrant(envelope: DsseEnvelope): Grant {
  return readPayload(kind, envelope);
}

/**
 * @param grantKey `grantKey` of the pinned roster, base64url
 * @throws ApprovalsError `FORMAT` or `SIGNATURE`
 */
export function verifyGrant(envelope: DsseEnvelope, grantKey: string): Grant {
  const grant = parseGrant(envelope);
  if (!signedBy(envelope, GRANT_TYPE, grantKey))
    throw new ApprovalsError('SIGNATURE', 'the grant is not signed with the roster’s grant key');
  return grant;
}

/** SHA-256 of the payload: `grantDigest` of round plans and leaves. */
export function grantDigest(envelope: DsseEnvelope): string {
  return digestOf(dssePayload(envelope));
}
