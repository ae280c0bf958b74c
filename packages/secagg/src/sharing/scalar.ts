import { SecaggError } from '../error.ts';

/** Order of the scalar field, the `l` of RFC 8032 (secure-aggregation section 6). */
export const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** Source of random bytes; the product hands in the operating system's CSPRNG, tests hand in known bytes. */
export type Random = (bytes: number) => Uint8Array;

/** 32 little-endian bytes to a scalar. @throws SecaggError `REFUSED` for another length or a value >= l */
export function decodeScalar(bytes: Uint8Array): bigint {
  if (bytes.byteLength !== 32) throw new SecaggError('REFUSED', `scalar has ${bytes.byteLength} bytes`);
  const value = littleEndian(bytes);
  if (value >= ORDER) throw new SecaggError('REFUSED', 'scalar is not below l');
  return value;
}

/** @param value in 0..l-1 */
export function encodeScalar(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();
}

/** 64 random bytes reduced modulo l, as 32 bytes; the bias is below 2^-250. */
export function randomScalar(random: Random): Buffer {
  return encodeScalar(littleEndian(random(64)) % ORDER);
}

export function modulo(value: bigint): bigint {
  const rest = value % ORDER;
  return rest < 0n ? rest + ORDER : rest;
}

/** Inverse modulo l by the extended Euclidean algorithm. @param value not 0 modulo l */
export function invert(value: bigint): bigint {
  let [r0, r1] = [ORDER, modulo(value)];
  let [t0, t1] = [0n, 1n];
  while (r1 !== 0n) {
    const quotient = r0 / r1;
    [r0, r1] = [r1, r0 - quotient * r1];
    [t0, t1] = [t1, t0 - quotient * t1];
  }
  if (r0 !== 1n) throw new SecaggError('REFUSED', 'zero has no inverse');
  return modulo(t0);
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}
