import { randomBytes } from 'node:crypto';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** A random 80-bit id that stands in for a name: 16 characters of `a-z2-7` (governance, first paragraph). */
export function newRef(): string {
  let bits = 0n;
  for (const byte of randomBytes(10)) bits = (bits << 8n) | BigInt(byte);
  let ref = '';
  for (let shift = 75n; shift >= 0n; shift -= 5n) ref += ALPHABET[Number((bits >> shift) & 31n)];
  return ref;
}

export function isRef(text: string): boolean {
  return /^[a-z2-7]{16}$/.test(text);
}
