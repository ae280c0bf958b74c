import { createPublicKey, type KeyObject } from 'node:crypto';
import { sha256, strictBase64 } from '@sumveil/wire';
import { TransparencyError } from '../error.ts';

/** Algorithm bytes of C2SP signed-note: a plain Ed25519 note signature, and a timestamped witness cosignature. */
export const LOG_TYPE = 0x01;
export const COSIGNATURE_TYPE = 0x04;

export type KeyType = typeof LOG_TYPE | typeof COSIGNATURE_TYPE;

export interface VerifierKey {
  readonly name: string;
  readonly type: KeyType;
  /** First four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ key): a hint, never proof of anything. */
  readonly keyId: Buffer;
  /** Raw Ed25519 key, 32 bytes. */
  readonly publicKey: Buffer;
}

/** @throws TransparencyError `KEY` for a name or key that no note could carry */
export function verifierKey(name: string, type: KeyType, publicKey: Uint8Array): VerifierKey {
  if (!isKeyName(name)) throw new TransparencyError('KEY', 'a key name is not empty and has no space, control or +');
  if (publicKey.length !== 32) throw new TransparencyError('KEY', 'an Ed25519 key has 32 bytes');
  const key = Buffer.from(publicKey);
  const keyId = sha256(Buffer.from(`${name}\n`), Buffer.of(type), key).subarray(0, 4);
  return { name, type, keyId, publicKey: key };
}

/** Public half of a private key, under the given name. */
export function verifierKeyOf(name: string, type: KeyType, key: KeyObject): VerifierKey {
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  if (key.asymmetricKeyType !== 'ed25519' || !x)
    throw new TransparencyError('KEY', 'notes are signed with Ed25519 keys');
  return verifierKey(name, type, Buffer.from(x, 'base64url'));
}

/** `<name>+<8 hex>+<base64 of type ‖ key>`. */
export function formatVerifierKey(key: VerifierKey): string {
  const encoded = Buffer.concat([Buffer.of(key.type), key.publicKey]).toString('base64');
  return `${key.name}+${key.keyId.toString('hex')}+${encoded}`;
}

/** @throws TransparencyError `KEY` for other algorithms, wrong lengths, a wrong id, and any second spelling */
export function parseVerifierKey(text: string): VerifierKey {
  const parts = text.split('+');
  // Base64 may itself hold plus signs; names and ids may not.
  const [name, id, ...rest] = parts;
  if (name === undefined || id === undefined || rest.length === 0)
    throw new TransparencyError('KEY', 'a verifier key is name+id+base64');
  const key = keyFrom(name, rest.join('+'));
  if (formatVerifierKey(key) !== text) throw new TransparencyError('KEY', 'the id does not belong to name and key');
  return key;
}

function keyFrom(name: string, encoded: string): VerifierKey {
  let bytes: Buffer;
  try {
    bytes = strictBase64(encoded);
  } catch {
    throw new TransparencyError('KEY', 'not canonical base64');
  }
  const type = bytes[0];
  if (type !== LOG_TYPE && type !== COSIGNATURE_TYPE)
    throw new TransparencyError('KEY', 'unknown algorithm byte; this release knows 0x01 and 0x04');
  return verifierKey(name, type, bytes.subarray(1));
}

/** Spaces and control characters of any script would let two names look alike or break a line. */
export function isKeyName(name: string): boolean {
  return name.length > 0 && !/[+\p{White_Space}\p{Cc}]/u.test(name) && name.isWellFormed();
}
