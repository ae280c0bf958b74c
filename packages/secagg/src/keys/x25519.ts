import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { SecaggError } from '../error.ts';

const SPKI = Buffer.from('302a300506032b656e032100', 'hex');
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PRIME_TAIL = 0xed;

/** The canonical encodings of points of low order (RFC 7748 section 6.1, all-zero output). */
const LOW_ORDER = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

/** Public key of 32 raw private bytes (clamped by the library). */
export function x25519PublicKey(privateKey: Uint8Array): Buffer {
  const der = createPublicKey(importPrivate(privateKey)).export({ format: 'der', type: 'spki' });
  return Buffer.from(der.subarray(SPKI.length));
}

/**
 * Key rules of section 7: below 2^255-19 with the top bit clear, and not of low order. A second encoding of one point
 * would let an attacker pass an echoed key off as a distinct one.
 *
 * @throws SecaggError `REFUSED`
 */
export function checkX25519PublicKey(publicKey: Uint8Array): void {
  if (publicKey.byteLength !== 32 || !isBelowPrime(publicKey)) {
    throw new SecaggError('REFUSED', 'X25519 key is not canonical');
  }
  if (LOW_ORDER.has(Buffer.from(publicKey).toString('hex')))
    throw new SecaggError('REFUSED', 'X25519 key of low order');
}

/** Shared secret with a checked public key, 32 bytes. @throws SecaggError `REFUSED` */
export function x25519Agree(privateKey: Uint8Array, publicKey: Uint8Array): Buffer {
  checkX25519PublicKey(publicKey);
  return x25519(privateKey, publicKey);
}

/** Scalar multiplication of RFC 7748 section 5 without the key rules. @throws SecaggError `REFUSED` for a zero result */
export function x25519(privateKey: Uint8Array, u: Uint8Array): Buffer {
  const publicKey = createPublicKey({ key: Buffer.concat([SPKI, u]), format: 'der', type: 'spki' });
  try {
    return diffieHellman({ privateKey: importPrivate(privateKey), publicKey });
  } catch {
    throw new SecaggError('REFUSED', 'X25519 gave an all-zero secret');
  }
}

function isBelowPrime(bytes: Uint8Array): boolean {
  if (bytes[31]! > 0x7f) return false;
  if (bytes[31]! < 0x7f || bytes.subarray(1, 31).some((byte) => byte !== 0xff)) return true;
  return bytes[0]! < PRIME_TAIL;
}

function importPrivate(raw: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8, raw]), format: 'der', type: 'pkcs8' });
}
