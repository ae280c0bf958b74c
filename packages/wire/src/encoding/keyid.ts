import { ed25519PublicKey } from './ed25519.ts';
import { sha256 } from './label.ts';

/** keyid of our DSSE envelopes: `SHA256:` + hex SHA-256 of the SubjectPublicKeyInfo (DER) of a raw Ed25519 key. */
export function keyIdOf(publicKey: Uint8Array): string {
  const spki = ed25519PublicKey(publicKey).export({ format: 'der', type: 'spki' });
  return `SHA256:${sha256(spki).toString('hex')}`;
}
