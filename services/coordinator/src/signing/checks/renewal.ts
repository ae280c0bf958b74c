import { X509Certificate } from 'node:crypto';
import { type CheckedCsr, checkExpiredRenewal, checkRenewal } from '@sumveil/identity';
import { sha256, writtenDigest } from '@sumveil/wire';
import type { Tx } from '../../db/client.ts';
import { publishedEpochs } from '../../log/epochs.ts';
import type { RenewalClaim } from '../certificate-order.ts';
import { carriesOwnKeys } from '../check.ts';
import type { RefusalCode } from '../refusal.ts';
import type { SignerPublic } from '../signer-public.ts';

const DAY_MS = 86_400_000;
/** After its end a certificate is still replaced for this long by the roster key's word (governance.md section 1, rule 9). */
export const RETURN_MS = 30 * DAY_MS;
/** What a renewal is judged by: rows, the ceremony's public file, and nothing that the request says of itself. */
export interface RenewalContext {
  readonly tx: Tx;
  readonly now: Date;
  /** When it was ordered, by the database's clock: a signer that was away must not lock anybody out. */
  readonly orderedAt: Date;
  readonly log: { readonly origin: string };
  readonly published: SignerPublic;
  /** True for an order that was made already: the serial may be replaced by then, by the certificate that is asked for again. */
  readonly again?: boolean;
}

export interface Renewal {
  /** SPIFFE id that the new certificate will carry. */
  readonly name: string;
  readonly tenantRef: string;
  readonly by: RenewalClaim;
  readonly csr: CheckedCsr;
}

/**
 * Rule 9: the name lives, the old serial is of this name and not replaced yet, and a key that stands for it has signed the
 * new one. The api asks it before it orders, the signer by itself before it signs: rows of certificates are the api's words,
 * so the old certificate counts by the CA's signatures on it, and a roster key by the roster in force.
 *
 * @throws IdentityError `PROOF`
 */
export async function renewalFault(context: RenewalContext, renewal: Renewal): Promise<RefusalCode | undefined> {
  const { tx, now, orderedAt } = context;
  const { name, by, csr } = renewal;
  const row = await tx.certificate.findUnique({ where: { serial: by.serial } });
  const old = row && issuedCertificate(row.chainPem, context.published.rootPem);
  if (!old || old.serialNumber !== by.serial || old.subjectAltName !== `URI:${name}`) return 'SERIAL';
  if (!context.again && (row.replacedBy !== null || (await hasSuccessor(tx, by.serial)))) return 'SERIAL';
  if (await isRevoked(tx, name, old)) return 'REVOKED';
  const sinceEnd = now.getTime() - old.validToDate.getTime();
  const proof = Buffer.from(by.proof, 'base64url');
  if (by.kind === 'tls-key') {
    // Whoever has the key of a certificate that ended, and no other, orders nothing with it any more.
    if (orderedAt >= old.validToDate || sinceEnd > RETURN_MS) return 'LIFE';
    checkRenewal({ serial: by.serial, csrSpki: csr.spki, oldKey: old.publicKey, proof });
    return undefined;
  }
  if (sinceEnd <= 0 || sinceEnd > RETURN_MS) return 'LIFE';
  const rosterKey = await rosterKeyOf(context, renewal);
  if (!rosterKey) return 'ROSTER';
  checkExpiredRenewal({ serial: by.serial, csrSpki: csr.spki, rosterKey, proof });
  return undefined;
}

/** The signer has signed one already, whether or not it is stored; `signature.replaces` is the database's own word. */
async function hasSuccessor(tx: Tx, serial: string): Promise<boolean> {
  return (await tx.signature.count({ where: { replaces: serial } })) > 0;
}

/** The leaf of a stored chain when issuing CA and root have signed it; their dates do not matter for what it was. */
function issuedCertificate(chainPem: string, rootPem: string): X509Certificate | undefined {
  const blocks = chainPem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const [leaf, issuing] = blocks.map((pem) => new X509Certificate(pem));
  const root = new X509Certificate(rootPem);
  const holds =
    leaf && issuing?.ca && issuing.verify(root.publicKey) && leaf.verify(issuing.publicKey) && leaf.ca === false;
  return holds ? leaf : undefined;
}

/** A revoked serial takes its whole name out, whatever replaced it or was replaced by it; a revoked key only itself. */
async function isRevoked(tx: Tx, name: string, old: X509Certificate): Promise<boolean> {
  const spki = writtenDigest(sha256(old.publicKey.export({ type: 'spki', format: 'der' })));
  const serials = await tx.certificate.findMany({ where: { connectorName: name }, select: { serial: true } });
  const revoked = await tx.revocation.count({
    where: {
      OR: [
        { scope: 'serial', target: { in: [old.serialNumber, ...serials.map(({ serial }) => serial)] } },
        { scope: 'spki', target: spki },
      ],
    },
  });
  return revoked > 0;
}

/** Roster key of the tenant's row in the roster in force, when that row is of the connector that wants to return. */
async function rosterKeyOf(
  { tx, log, published }: RenewalContext,
  { name, tenantRef }: Renewal,
): Promise<Buffer | undefined> {
  const roster = (await publishedEpochs(tx, log.origin)).findLast((epoch) => epoch.effective)?.roster;
  if (!roster || !carriesOwnKeys({ published }, roster)) return undefined;
  const row = roster.members.find((member) => member.tenantRef === tenantRef);
  const connector = await tx.connector.findUnique({ where: { name } });
  const key = row && Buffer.from(row.rosterKey, 'base64url');
  return key && connector && key.equals(connector.rosterKey) ? key : undefined;
}
