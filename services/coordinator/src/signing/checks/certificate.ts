import { Buffer } from 'node:buffer';
import {
  type CheckedCsr,
  checkCsr,
  checkEnrolmentProofs,
  connectorLeafOrder,
  IdentityError,
  issueChecked,
  parseSpiffeName,
} from '@sumveil/identity';
import { writtenDigest } from '@sumveil/wire';
import type { Tx } from '../../db/client.ts';
import { type CertificateOrder, isSubjectOf, parseCertificateOrder, type TokenClaim } from '../certificate-order.ts';
import type { Check, CheckContext } from '../check.ts';
import { sequencedLeaf } from '../evidence.ts';
import { type RefusalCode, refuse } from '../refusal.ts';
import { renewalFault } from './renewal.ts';

const bytes = (text: string) => Buffer.from(text, 'base64url');

/** Governance.md section 1, rules 3 to 7 and 9, from the received bytes and the log: one certificate for a token or a serial. */
export const checkCertificate: Check = async (context, subject, body) => {
  const order = parseCertificateOrder(body);
  if (!isSubjectOf(subject, order)) return refuse('UNKNOWN_SUBJECT');
  const { tenantRef } = parseSpiffeName(order.name, context.trustDomain);
  const csr = await checkCsr(order.csr);
  const fault =
    (await tenantFault(context.tx, tenantRef, csr)) ??
    (await keyFault(context.tx, csr)) ??
    (await claimFault(context, order, tenantRef, csr));
  if (fault) return refuse(fault);
  const leaf = connectorLeafOrder({
    spki: csr.spki,
    name: order.name,
    lifeSeconds: order.lifeSeconds,
    leastSeconds: context.timings.certificateFloorSeconds,
    now: context.now,
  });
  const issued = await issueChecked(context.keys.issuer, leaf);
  return { sign: Buffer.from(issued.chainPem) };
};

/** Which refusal an identity error is; an error of another kind is not this check's. */
export function certificateRefusal(error: unknown): RefusalCode | undefined {
  if (!(error instanceof IdentityError)) return undefined;
  if (error.code === 'PROOF') return 'PROOF';
  return error.code === 'CROSS_CHECK' || error.code === 'ISSUE' ? 'CROSS_CHECK' : 'CSR';
}

async function tenantFault(tx: Tx, tenantRef: string, csr: CheckedCsr): Promise<RefusalCode | undefined> {
  const tenant = await tx.tenant.findUnique({ where: { ref: tenantRef } });
  if (tenant?.status !== 'active') return 'REVOKED';
  const spki = [
    csr.spkiSha256.toString('hex'),
    csr.spkiSha256.toString('base64url'),
    `sha256:${csr.spkiSha256.toString('hex')}`,
  ];
  const revoked = await tx.revocation.count({
    where: {
      OR: [
        { scope: 'tenant', target: tenantRef },
        { scope: 'spki', target: { in: spki } },
      ],
    },
  });
  return revoked > 0 ? 'REVOKED' : undefined;
}

/** A key that stands under any other name, or in an earlier certificate, is not a new key of this connector. */
async function keyFault(tx: Tx, csr: CheckedCsr): Promise<RefusalCode | undefined> {
  const known = await tx.certificate.count({ where: { spkiHash: Uint8Array.from(csr.spkiSha256) } });
  return known > 0 ? 'CSR' : undefined;
}

async function claimFault(
  context: CheckContext,
  order: CertificateOrder,
  tenantRef: string,
  csr: CheckedCsr,
): Promise<RefusalCode | undefined> {
  const { name, by } = order;
  if (by.kind === 'token') return await tokenFault(context, name, by, tenantRef, csr);
  return await renewalFault({ ...context, published: context.keys.published }, { name, tenantRef, by, csr });
}

/**
 * The token was issued for this tenant with two people's tickets, which the log says and whoever holds the tables cannot
 * make up unseen; it is spent, and the keys and the request are those of the connector that spent it.
 */
async function tokenFault(
  context: CheckContext,
  name: string,
  by: TokenClaim,
  tenantRef: string,
  csr: CheckedCsr,
): Promise<RefusalCode | undefined> {
  const { tx } = context;
  const tokenHash = bytes(by.tokenHash);
  const issued = await sequencedLeaf(context, 'enrol.token_issued', { tokenHash: writtenDigest(tokenHash) });
  const token = await tx.joinToken.findUnique({ where: { hash: Uint8Array.from(tokenHash) } });
  if (issued?.tenantRef !== tenantRef || token?.tenantRef !== tenantRef) return 'TOKEN';
  if (!token.usedAt || token.usedAt.getTime() > Date.parse(issued.expiresAt)) return 'TOKEN';
  const bound = issued.spkiHash ?? (token.spkiHash ? writtenDigest(token.spkiHash) : undefined);
  if (bound !== undefined && bound !== writtenDigest(csr.spkiSha256)) return 'TOKEN';
  const connector = await tx.connector.findUnique({ where: { name } });
  const [rosterKey, witnessKey] = [bytes(by.rosterKey), bytes(by.witnessKey)];
  if (connector?.tenantRef !== tenantRef) return 'TOKEN';
  if (!rosterKey.equals(connector.rosterKey) || !witnessKey.equals(connector.witnessKey)) return 'TOKEN';
  const proofs = { rosterKey, rosterProof: bytes(by.rosterProof), witnessKey, witnessProof: bytes(by.witnessProof) };
  checkEnrolmentProofs({ ...proofs, tokenHash, csrSpki: csr.spki });
  return undefined;
}
