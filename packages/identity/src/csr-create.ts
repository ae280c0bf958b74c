import type { KeyObject } from 'node:crypto';
import { assertKind } from './keys.ts';
import { ECDSA_SHA256, signingKey, verifyingKey, x509 } from './x509.ts';

/**
 * PEM certificate request: the public key and a proof of possession, nothing else, because the CA ignores the rest.
 *
 * @param key private P-256 key
 * @throws IdentityError `KEY_TYPE`
 */
export async function createCsr(key: KeyObject): Promise<string> {
  assertKind(key, 'p256');
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    keys: { privateKey: signingKey(key), publicKey: verifyingKey(key) },
    signingAlgorithm: ECDSA_SHA256,
  });
  return `${request.toString('pem')}\n`;
}
