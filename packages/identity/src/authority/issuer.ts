import { type KeyObject, X509Certificate } from 'node:crypto';
import { IdentityError } from '../error.ts';
import { spkiDer } from '../keys.ts';
import { ECDSA_SHA256, signingKey, x509 } from '../x509.ts';
import { crossCheckLeaf } from './cross-check.ts';
import type { CertificateOrder } from './order.ts';

/** Writes and signs one leaf. Whatever stands behind it, {@link issueChecked} reads the result with other code. */
export interface CertificateIssuer {
  readonly certificatePem: string;
  issue(order: CertificateOrder): Promise<string>;
}

export interface IssuedCertificate {
  readonly certificatePem: string;
  /** Leaf and issuing CA: what a TLS peer sends. */
  readonly chainPem: string;
  readonly certificate: X509Certificate;
  readonly serial: string;
  readonly notAfter: Date;
}

/**
 * The default issuer.
 *
 * @param authority issuing CA: certificate and its private P-256 key
 * @throws IdentityError `ISSUE` when the two do not belong together
 */
export function createIssuer(authority: { certificatePem: string; key: KeyObject }): CertificateIssuer {
  const issuing = new X509Certificate(authority.certificatePem);
  if (!issuing.ca || !spkiDer(issuing).equals(spkiDer(authority.key))) {
    throw new IdentityError('ISSUE', 'issuing certificate is no CA or is not for this key');
  }
  const parsed = new x509.X509Certificate(issuing.raw);
  const subjectKeyId = parsed.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId;
  if (!subjectKeyId) throw new IdentityError('ISSUE', 'issuing certificate has no subject key identifier');
  const key = signingKey(authority.key);

  async function issue(order: CertificateOrder): Promise<string> {
    const publicKey = new x509.PublicKey(Buffer.from(order.spki));
    const leaf = await x509.X509CertificateGenerator.create({
      serialNumber: order.serial,
      subject: '',
      issuer: parsed.subjectName,
      notBefore: order.notBefore,
      notAfter: order.notAfter,
      publicKey,
      signingKey: key,
      signingAlgorithm: ECDSA_SHA256,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([usage(order)], true),
        new x509.SubjectAlternativeNameExtension(names(order), true),
        await x509.SubjectKeyIdentifierExtension.create(publicKey),
        new x509.AuthorityKeyIdentifierExtension(subjectKeyId),
      ],
    });
    return `${leaf.toString('pem')}\n`;
  }

  return { certificatePem: authority.certificatePem, issue };
}

/**
 * The only way in which a certificate leaves the CA: issued, then cross-checked (rule 7).
 *
 * @throws IdentityError `CROSS_CHECK`
 */
export async function issueChecked(issuer: CertificateIssuer, order: CertificateOrder): Promise<IssuedCertificate> {
  const certificatePem = await issuer.issue(order);
  const certificate = crossCheckLeaf(certificatePem, order, new X509Certificate(issuer.certificatePem));
  const chainPem = `${certificatePem.trim()}\n${issuer.certificatePem.trim()}\n`;
  return { certificatePem, chainPem, certificate, serial: order.serial, notAfter: order.notAfter };
}

function usage(order: CertificateOrder): x509.ExtendedKeyUsage {
  return order.kind === 'connector' ? x509.ExtendedKeyUsage.clientAuth : x509.ExtendedKeyUsage.serverAuth;
}

function names(order: CertificateOrder): x509.JsonGeneralName[] {
  if (order.kind === 'connector') return [{ type: 'url', value: order.name }];
  return [
    ...order.dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ...order.ipAddresses.map((value) => ({ type: 'ip' as const, value })),
  ];
}
