import 'reflect-metadata';
import { createPublicKey, type KeyObject, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto as never);
// Its own tag is `BEGIN CRL`, which OpenSSL does not read.
x509.PemConverter.CrlTag = 'X509 CRL';

export { x509 };

const P256 = { name: 'ECDSA', namedCurve: 'P-256' };

export const ECDSA_SHA256 = { name: 'ECDSA', hash: 'SHA-256' };

export function signingKey(key: KeyObject): CryptoKey {
  return key.toCryptoKey(P256, false, ['sign']) as CryptoKey;
}

export function verifyingKey(key: KeyObject): CryptoKey {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.toCryptoKey(P256, true, ['verify']) as CryptoKey;
}

type CryptoKey = webcrypto.CryptoKey;
