import { type KeyObject, X509Certificate } from 'node:crypto';
import { IdentityError } from '../error.ts';
import { assertKind, generateP256, spkiPin } from '../keys.ts';
import { ECDSA_SHA256, signingKey, verifyingKey, x509 } from '../x509.ts';
import { newSerial, validity } from './order.ts';

/** A CA certificate, its private key and the pin that a roster or join string carries. */
export interface CertificateAuthority {
  readonly certificatePem: string;
  readonly key: KeyObject;
  /** base64url SHA-256 of the SubjectPublicKeyInfo. */
  readonly spki: string;
}

interface AuthorityOrder {
  readonly now: Date;
  /** Private P-256 key; a new one when left out. */
  readonly key?: KeyObject;
  readonly lifeSeconds?: number;
  readonly commonName?: string;
}

const DAY = 86_400;
const ROOT_DAYS = 3_650;
const ISSUING_DAYS = 365;

/** Root CA: EC P-256, pathLen 1, ten years; made offline by two people, or for a demo by one command. */
export async function createRootCa(order: AuthorityOrder): Promise<CertificateAuthority> {
  const key = order.key ?? generateP256();
  const life = { seconds: order.lifeSeconds ?? ROOT_DAYS * DAY, least: 3_600, most: ROOT_DAYS * DAY };
  return certify(key, { ...order, pathLength: 1, life, title: 'root' });
}

/**
 * Issuing CA under a root: EC P-256, pathLen 0, one year.
 *
 * @throws IdentityError `ISSUE` when it would outlive the root
 */
export async function createIssuingCa(
  root: CertificateAuthority,
  order: AuthorityOrder,
): Promise<CertificateAuthority> {
  const key = order.key ?? generateP256();
  const life = { seconds: order.lifeSeconds ?? ISSUING_DAYS * DAY, least: 3_600, most: 2 * ISSUING_DAYS * DAY };
  return certify(key, { ...order, pathLength: 0, life, title: 'issuing', root });
}

interface Certification extends AuthorityOrder {
  readonly pathLength: 0 | 1;
  readonly life: { seconds: number; least: number; most: number };
  readonly title: string;
  readonly root?: CertificateAuthority;
}

async function certify(key: KeyObject, order: Certification): Promise<CertificateAuthority> {
  assertKind(key, 'p256');
  const spki = spkiPin(key);
  const subject = order.commonName ?? `Sumveil ${order.title} CA ${spki.slice(0, 8)}`;
  const above = order.root ? new x509.X509Certificate(order.root.certificatePem) : undefined;
  const dates = validity(order.now, order.life);
  if (above && dates.notAfter > above.notAfter) throw new IdentityError('ISSUE', 'issuing CA would outlive its root');
  const name = new x509.Name([{ CN: [subject] }]);
  const publicKey = verifyingKey(key);
  const subjectKeyId = await x509.SubjectKeyIdentifierExtension.create(publicKey);
  const aboveKeyId = above?.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId ?? subjectKeyId.keyId;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: name,
    issuer: above?.subjectName ?? name,
    ...dates,
    publicKey,
    signingKey: signingKey(order.root?.key ?? key),
    signingAlgorithm: ECDSA_SHA256,
    extensions: [
      new x509.BasicConstraintsExtension(true, order.pathLength, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      subjectKeyId,
      new x509.AuthorityKeyIdentifierExtension(aboveKeyId),
    ],
  });
  const certificatePem = `${certificate.toString('pem')}\n`;
  assertSigned(certificatePem, order.root?.certificatePem ?? certificatePem);
  return { certificatePem, key, spki };
}

/** The result is read again by OpenSSL before anybody trusts it. */
function assertSigned(pem: string, abovePem: string): void {
  const certificate = new X509Certificate(pem);
  const above = new X509Certificate(abovePem);
  if (!certificate.ca || !certificate.checkIssued(above) || !certificate.verify(above.publicKey)) {
    throw new IdentityError('CROSS_CHECK', 'CA certificate does not verify under the one above it');
  }
}
