import { nodeHash } from './hash.ts';

export type Size = number | bigint;

export interface InclusionClaim {
  readonly index: Size;
  readonly size: Size;
  readonly root: Uint8Array;
  readonly leafHash: Uint8Array;
  /** From the leaf upwards. */
  readonly proof: readonly Uint8Array[];
}

/** RFC 9162 section 2.1.3.2 (same trees as RFC 6962). Numbers up to 2^64; everything malformed is a plain no. */
export function verifyInclusion(claim: InclusionClaim): boolean {
  const [index, size] = [BigInt(claim.index), BigInt(claim.size)];
  if (index < 0n || index >= size || !allHashes([claim.root, claim.leafHash, ...claim.proof])) return false;
  let [fn, sn] = [index, size - 1n];
  let hash = claim.leafHash;
  for (const sibling of claim.proof) {
    if (sn === 0n) return false;
    if (fn % 2n === 1n || fn === sn) {
      hash = nodeHash(sibling, hash);
      // A right edge without a sibling on this level: climb until it has one.
      while (fn % 2n === 0n && fn !== 0n) [fn, sn] = [fn / 2n, sn / 2n];
    } else hash = nodeHash(hash, sibling);
    [fn, sn] = [fn / 2n, sn / 2n];
  }
  return sn === 0n && equal(hash, claim.root);
}

export interface ConsistencyClaim {
  readonly size1: Size;
  readonly size2: Size;
  readonly root1: Uint8Array;
  readonly root2: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/**
 * RFC 9162 section 2.1.4.2. Refuses size1 = 0: anything is consistent with nothing, which is for the witness layer to
 * say, not for a proof.
 */
export function verifyConsistency(claim: ConsistencyClaim): boolean {
  const [size1, size2] = [BigInt(claim.size1), BigInt(claim.size2)];
  if (size1 <= 0n || size1 > size2) return false;
  if (size1 === size2) return claim.proof.length === 0 && equal(claim.root1, claim.root2);
  if (!allHashes([claim.root1, claim.root2, ...claim.proof])) return false;
  const path = isPowerOfTwo(size1) ? [claim.root1, ...claim.proof] : [...claim.proof];
  const [seed, ...rest] = path;
  if (!seed || rest.length === 0) return false;
  let [fn, sn] = [size1 - 1n, size2 - 1n];
  while (fn % 2n === 1n) [fn, sn] = [fn / 2n, sn / 2n];
  let [first, second] = [seed, seed];
  for (const hash of rest) {
    if (sn === 0n) return false;
    if (fn % 2n === 1n || fn === sn) {
      first = nodeHash(hash, first);
      second = nodeHash(hash, second);
      while (fn % 2n === 0n && fn !== 0n) [fn, sn] = [fn / 2n, sn / 2n];
    } else second = nodeHash(second, hash);
    [fn, sn] = [fn / 2n, sn / 2n];
  }
  return sn === 0n && equal(first, claim.root1) && equal(second, claim.root2);
}

function isPowerOfTwo(value: bigint): boolean {
  return (value & (value - 1n)) === 0n;
}

function allHashes(hashes: readonly Uint8Array[]): boolean {
  return hashes.every((hash) => hash.length === 32);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
