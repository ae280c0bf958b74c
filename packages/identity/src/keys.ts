import { createPublicKey, generateKeyPairSync, type KeyObject, type X509Certificate } from 'node:crypto';
import { sha256, toBase64url } from '@sumveil/wire';
import { IdentityError } from './error.ts';

export type KeyKind = 'ed25519' | 'p256';

/** Private Ed25519 key: roster, witness, log, coordinator, grant, report and approver keys. */
export function generateEd25519(): KeyObject {
  return generateKeyPairSync('ed25519').privateKey;
}

/** Private EC P-256 key: certificates only. */
export function generateP256(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
}

export function generateKey(kind: KeyKind): KeyObject {
  return kind === 'ed25519' ? generateEd25519() : generateP256();
}

/** @returns undefined for every key that is neither Ed25519 nor EC P-256 */
export function kindOf(key: KeyObject): KeyKind | undefined {
  if (key.asymmetricKeyType === 'ed25519') return 'ed25519';
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'p256';
  return undefined;
}

/** @throws IdentityError `KEY_TYPE` */
export function assertKind(key: KeyObject, kind: KeyKind): void {
  const found = kindOf(key);
  if (found !== kind) {
    throw new IdentityError('KEY_TYPE', `expected a ${kind} key, found ${found ?? key.asymmetricKeyType ?? key.type}`);
  }
}

/** DER of the SubjectPublicKeyInfo of a public key, the public half of a private one, or a certificate's key. */
export function spkiDer(from: KeyObject | X509Certificate): Buffer {
  return publicHalf(from).export({ type: 'spki', format: 'der' });
}

/** SHA-256 of {@link spkiDer}, 32 bytes. */
export function spkiSha256(from: KeyObject | X509Certificate): Buffer {
  return sha256(spkiDer(from));
}

/** {@link spkiSha256} as 43 characters of base64url: an entry of `rootSpki` and the end of a join string. */
export function spkiPin(from: KeyObject | X509Certificate): string {
  return toBase64url(spkiSha256(from));
}

/** Raw public half, 32 bytes. @throws IdentityError `KEY_TYPE` */
export function rawEd25519(key: KeyObject): Buffer {
  assertKind(key, 'ed25519');
  return spkiDer(key).subarray(-32);
}

function publicHalf(from: KeyObject | X509Certificate): KeyObject {
  if ('publicKey' in from) return from.publicKey;
  return from.type === 'private' ? createPublicKey(from) : from;
}
