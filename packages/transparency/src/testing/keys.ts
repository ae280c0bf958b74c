import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/** Ed25519 private key of a published seed. Test keys only. */
export function keyFromSeed(seed: Uint8Array): KeyObject {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

/** Key of a seed that repeats one byte, as the vectors do. */
export function keyOfByte(byte: number): KeyObject {
  return keyFromSeed(Buffer.alloc(32, byte));
}

/** Raw public key in base64url. */
export function publicOf(key: KeyObject): string {
  return createPublicKey(key).export({ format: 'jwk' }).x!;
}
