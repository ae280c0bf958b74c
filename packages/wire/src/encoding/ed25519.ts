import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';

const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

export function ed25519PublicKey(raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' });
}

/** One name is 44 characters: at most half a megabyte. */
const KEPT = 4_096;
const verified = new Set<string>();

/**
 * True when `signature` is by this key over this message. The same question is asked again within a process: a gate judges
 * twice, a witness's line is counted by everybody who waits for it, approvals stay the same for every round. A yes is
 * therefore kept, under the SHA-256 of key, signature and message; a no costs its full price each time (ADR 0022).
 *
 * @param publicKey raw Ed25519 key, 32 bytes
 * @param signature false for anything but 64 bytes
 */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  // Fixed lengths before the message: no two questions have one name.
  if (publicKey.byteLength !== 32 || signature.byteLength !== 64) return false;
  const name = createHash('sha256').update(publicKey).update(signature).update(message).digest('base64');
  if (verified.has(name)) return true;
  if (!verify(null, message, ed25519PublicKey(publicKey), signature)) return false;
  verified.add(name);
  if (verified.size > KEPT) verified.delete(verified.values().next().value!);
  return true;
}
