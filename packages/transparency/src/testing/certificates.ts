import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { sha256 } from '@sumveil/wire';

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export interface TestPki {
  /** Root and issuing certificate. */
  readonly authorities: string;
  /** base64url SHA-256 of the root's public key. */
  readonly rootSpki: string;
  issue(serial: string, tenantRef: string, life: { notBefore: Date; notAfter: Date }): Promise<string>;
}

/** A root and an issuing authority with their whole life around 2026. */
export async function testPki(): Promise<TestPki> {
  const [root, issuing] = [await keyPair(), await keyPair()];
  const life = { notBefore: new Date('2026-01-01'), notAfter: new Date('2027-01-01') };
  const rootCertificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...life,
    serialNumber: '01',
    name: 'CN=test root',
    keys: root,
    signingAlgorithm: ALGORITHM,
    extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
  });
  const issuingCertificate = await x509.X509CertificateGenerator.create({
    ...life,
    serialNumber: '02',
    subject: 'CN=test issuing',
    issuer: rootCertificate.subject,
    publicKey: issuing.publicKey,
    signingKey: root.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  const spki = Buffer.from(await webcrypto.subtle.exportKey('spki', root.publicKey));
  return {
    authorities: `${rootCertificate.toString('pem')}\n${issuingCertificate.toString('pem')}\n`,
    rootSpki: sha256(spki).toString('base64url'),
    issue: async (serial, tenantRef, leafLife) => {
      const leaf = await x509.X509CertificateGenerator.create({
        ...leafLife,
        serialNumber: serial,
        subject: '',
        issuer: issuingCertificate.subject,
        publicKey: (await keyPair()).publicKey,
        signingKey: issuing.privateKey,
        signingAlgorithm: ALGORITHM,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.2'], true),
          new x509.SubjectAlternativeNameExtension(
            [{ type: 'url', value: `spiffe://sumveil.test/tenant/${tenantRef}/connector/1` }],
            true,
          ),
        ],
      });
      return `${leaf.toString('pem')}\n`;
    },
  };
}

async function keyPair(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}
