import { createPrivateKey, createPublicKey, decapsulate, encapsulate, type KeyObject } from 'node:crypto';
import { SecaggError } from '../error.ts';

const SPKI = Buffer.from('308204b2300b0609608648016503040402038204a100', 'hex');
/** seed-only private key of RFC 9935 */
const PKCS8 = Buffer.from('3054020100300b060960864801650304040204428040', 'hex');
const PUBLIC_BYTES = 1184;
const MODULUS = 3329;

export interface Encapsulated {
  /** 1088 bytes */
  readonly ciphertext: Uint8Array;
  /** 32 bytes */
  readonly sharedKey: Uint8Array;
}

/** Encapsulation to an ML-KEM-768 key; injectable because it is randomised and known answers need known randomness. */
export type Encapsulate = (publicKey: Uint8Array) => Encapsulated;

/** Encapsulation by the library with its own randomness. @param publicKey 1184 bytes */
export const mlkemEncapsulate: Encapsulate = (publicKey) => {
  checkMlkemPublicKey(publicKey);
  const key = createPublicKey({ key: Buffer.concat([SPKI, publicKey]), format: 'der', type: 'spki' });
  return encapsulate(key);
};

/** Encapsulation key of a 64-byte seed `d ‖ z`, 1184 bytes. */
export function mlkemPublicKey(seed: Uint8Array): Buffer {
  const der = createPublicKey(importSeed(seed)).export({ format: 'der', type: 'spki' });
  return Buffer.from(der.subarray(SPKI.length));
}

/** Shared key of a ciphertext; a wrong ciphertext gives another key and never an error (implicit rejection). */
export function mlkemDecapsulate(seed: Uint8Array, ciphertext: Uint8Array): Buffer {
  return decapsulate(importSeed(seed), ciphertext);
}

/** Modulus check of FIPS 203 section 7.2: every 12-bit coefficient is below q. @throws SecaggError `REFUSED` */
export function checkMlkemPublicKey(publicKey: Uint8Array): void {
  if (publicKey.byteLength !== PUBLIC_BYTES) throw new SecaggError('REFUSED', 'ML-KEM key has a wrong length');
  for (let i = 0; i < PUBLIC_BYTES - 32; i += 3) {
    const low = publicKey[i]! | ((publicKey[i + 1]! & 0x0f) << 8);
    const high = (publicKey[i + 1]! >> 4) | (publicKey[i + 2]! << 4);
    if (low >= MODULUS || high >= MODULUS) throw new SecaggError('REFUSED', 'ML-KEM key fails the modulus check');
  }
}

function importSeed(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
}
