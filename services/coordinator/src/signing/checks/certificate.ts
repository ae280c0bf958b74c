import { Buffer } from 'node:buffer';
import {
  type CheckedCsr,
  checkCsr,
  checkEnrolmentProofs,
  checkExpiredRenewal,
  connectorLeafOrder,
  IdentityError,
  issueChecked,
  parseSpiffeName,
} from '@sumveil/identity';
import { memberByTenant, parseRoster } from '@sumveil/wire';
import type { Tx } from '../../db/client.ts';
import { type CertificateOrder, parseCertificateOrder, subjectOfOrder } from '../certificate-order.ts';
import type { Check, CheckContext } from '../check.ts';
import { type RefusalCode, refuse } from '../refusal.ts';

const EXPIRED_AT_MOST_MS = 30 * 86_400_000;
const bytes = (text: string) => Buffer.from(text, 'base64url');

/** Governance.md section 1, rules 3 to 7 and 9, from the received bytes: one certificate for a token or an old serial. */
export const checkCertificate: Check = async (context, subject, body) => {
  const order = parseCertificateOrder(body);
  if (subjectOfOrder(order) !== subject) return refuse('UNKNOWN_SUBJECT');
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
  const connector = await context.tx.connector.findUnique({ where: { name: order.name } });
  if (connector?.tenantRef !== tenantRef) return 'TOKEN';
  const { by } = order;
  if (by.kind === 'token') return await tokenFault(context.tx, { by, tenantRef, csr, connector });
  const fault = await replacedFault(context, { serial: by.serial, name: order.name, expired: by.kind === 'expired' });
  if (fault || by.kind === 'renew') return fault;
  if (!(await isMember(context.tx, tenantRef, connector.rosterKey))) return 'ROSTER';
  checkExpiredRenewal({ serial: by.serial, csrSpki: csr.spki, rosterKey: connector.rosterKey, proof: bytes(by.proof) });
  return undefined;
}

interface TokenClaim {
  readonly by: Extract<CertificateOrder['by'], { kind: 'token' }>;
  readonly tenantRef: string;
  readonly csr: CheckedCsr;
  readonly connector: { rosterKey: Uint8Array; witnessKey: Uint8Array };
}

async function tokenFault(tx: Tx, { by, tenantRef, csr, connector }: TokenClaim): Promise<RefusalCode | undefined> {
  const token = await tx.joinToken.findUnique({ where: { hash: Uint8Array.from(bytes(by.tokenHash)) } });
  if (!token?.usedAt || token.tenantRef !== tenantRef || token.usedAt > token.expiresAt) return 'TOKEN';
  if (token.spkiHash && !csr.spkiSha256.equals(token.spkiHash)) return 'TOKEN';
  const [rosterKey, witnessKey] = [bytes(by.rosterKey), bytes(by.witnessKey)];
  if (!rosterKey.equals(connector.rosterKey) || !witnessKey.equals(connector.witnessKey)) return 'TOKEN';
  const proofs = { rosterKey, rosterProof: bytes(by.rosterProof), witnessKey, witnessProof: bytes(by.witnessProof) };
  checkEnrolmentProofs({ ...proofs, tokenHash: bytes(by.tokenHash), csrSpki: csr.spki });
  return undefined;
}

/** The old certificate is this name's, live (or expired not too long ago), and each serial is replaced once. */
async function replacedFault(
  { tx, now }: CheckContext,
  o: { serial: string; name: string; expired: boolean },
): Promise<RefusalCode | undefined> {
  const old = await tx.certificate.findUnique({ where: { serial: o.serial } });
  if (old?.connectorName !== o.name || old.replacedBy !== null) return 'TOKEN';
  const over = now.getTime() - old.notAfter.getTime();
  if (o.expired ? over < 0 || over > EXPIRED_AT_MOST_MS : over >= 0) return 'TOKEN';
  const spki = Buffer.from(old.spkiHash);
  const targets = [o.serial, spki.toString('hex'), spki.toString('base64url'), `sha256:${spki.toString('hex')}`];
  const revoked = await tx.revocation.count({ where: { scope: { in: ['serial', 'spki'] }, target: { in: targets } } });
  return revoked > 0 ? 'REVOKED' : undefined;
}

async function isMember(tx: Tx, tenantRef: string, rosterKey: Uint8Array): Promise<boolean> {
  const row = await tx.roster.findFirst({ where: { effectiveAt: { not: null } }, orderBy: { epoch: 'desc' } });
  const member = row && memberByTenant(parseRoster(row.body), tenantRef);
  return member?.rosterKey === Buffer.from(rosterKey).toString('base64url');
}
