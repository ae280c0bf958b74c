import { hkdfSync } from 'node:crypto';
import { label, labelledHash, sha256, u8, u16, u32 } from '@sumveil/wire';

/** HKDF-SHA256 (RFC 5869). */
export function hkdf(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', ikm, salt, info, length));
}

/** sSK_u, 32 bytes before clamping. */
export function maskX25519PrivateKey(a: Uint8Array, planHash: Uint8Array, u: number): Buffer {
  return hkdf(a, planHash, info('mask-x25519', u16(u)), 32);
}

/** Seed `d ‖ z` of the mask KEM key of u (suite 2), 64 bytes. */
export function maskMlkemSeed(a: Uint8Array, planHash: Uint8Array, u: number): Buffer {
  return hkdf(a, planHash, info('mask-mlkem768', u16(u)), 64);
}

/** Key of the envelope u→v. @param kem suite 2: the encapsulated K' and its ciphertext */
export function shareKey(
  dh: Uint8Array,
  dirHash: Uint8Array,
  u: number,
  v: number,
  kem?: { sharedKey: Uint8Array; ciphertext: Uint8Array },
): Buffer {
  if (kem === undefined) return hkdf(dh, dirHash, info('share', u16(u), u16(v)), 32);
  const ikm = Buffer.concat([kem.sharedKey, dh]);
  return hkdf(ikm, dirHash, info('share', u16(u), u16(v), sha256(kem.ciphertext)), 32);
}

/** Pad that hides K_uv in the envelope u→v; `a_u` opens it again. */
export function escrowPad(a: Uint8Array, dirHash: Uint8Array, u: number, v: number): Buffer {
  return hkdf(a, dirHash, info('mask-escrow', u16(u), u16(v)), 32);
}

/** K_uv under its escrow pad, or back; both 32 bytes. */
export function xorPad(value: Uint8Array, pad: Uint8Array): Buffer {
  return Buffer.from(value.map((byte, i) => byte ^ pad[i]!));
}

/** Mask key of the unordered pair, the same from either side. @param kem suite 2: K_uv */
export function pairMaskKey(
  dh: Uint8Array,
  ctx2: Uint8Array,
  pair: readonly [number, number],
  segment: number,
  kem?: Uint8Array,
): Buffer {
  const [low, high] = pair[0] < pair[1] ? pair : [pair[1], pair[0]];
  const ikm = kem === undefined ? dh : Buffer.concat([kem, dh]);
  return hkdf(ikm, ctx2, info('pair-mask', u16(low), u16(high), u8(segment)), 32);
}

export function selfMaskKey(b: Uint8Array, ctx2: Uint8Array, u: number, segment: number): Buffer {
  return hkdf(b, ctx2, info('self-mask', u16(u), u8(segment)), 32);
}

export function maskContext(dirHash: Uint8Array, u2Hash: Uint8Array): Buffer {
  return labelledHash('ctx2', dirHash, u2Hash);
}

export function selfMaskCommitment(planHash: Uint8Array, u: number, b: Uint8Array): Buffer {
  return labelledHash('b-commit', planHash, u16(u), b);
}

export function nonceCommitment(planHash: Uint8Array, u: number, nonce: Uint8Array): Buffer {
  return labelledHash('n-commit', planHash, u16(u), nonce);
}

/** mkCheck: lets both the receiver and the coordinator see that they hold the K_uv that was encapsulated. */
export function maskCheck(planHash: Uint8Array, u: number, v: number, kem: Uint8Array): Buffer {
  return labelledHash('mask-check', planHash, u16(u), u16(v), kem);
}

export interface Nonce {
  readonly idx: number;
  readonly nonce: Uint8Array;
}

/** @param nonces ascending idx */
export function graphSeed(dirHash: Uint8Array, nonces: readonly Nonce[]): Buffer {
  return labelledHash('graph', dirHash, ...nonceList(nonces));
}

export function groupCommitment(rosterHash: Uint8Array, jobId: string, u: number, nonce: Uint8Array): Buffer {
  return labelledHash('g-commit', rosterHash, sha256(Buffer.from(jobId, 'ascii')), u16(u), nonce);
}

/** Seed of the cut into groups (section 17). @param nonces of all tenants of the grant, ascending idx */
export function groupAssignment(rosterHash: Uint8Array, jobId: string, nonces: readonly Nonce[]): Buffer {
  return labelledHash('group', rosterHash, sha256(Buffer.from(jobId, 'ascii')), ...nonceList(nonces));
}

function nonceList(nonces: readonly Nonce[]): Uint8Array[] {
  return [u32(nonces.length), ...nonces.flatMap(({ idx, nonce }) => [u16(idx), nonce])];
}

function info(name: string, ...fields: Uint8Array[]): Buffer {
  return Buffer.concat([label(name), ...fields]);
}
