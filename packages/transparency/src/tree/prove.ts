import { TransparencyError } from '../error.ts';
import { foldRight } from './range.ts';
import type { Size } from './verify.ts';

/** Coordinates of a perfect subtree: 2^level leaves from leaf index·2^level on. */
export interface NodeRef {
  readonly level: number;
  readonly index: bigint;
}

/** One entry a proof hash: the perfect subtrees that make it up, left to right. Fetch them, then assemble. */
export type ProofPlan = readonly (readonly NodeRef[])[];

/**
 * Which nodes prove that a leaf is in the tree of a size (RFC 6962 section 2.1.1), from the leaf upwards.
 *
 * @throws TransparencyError `NUMBER` unless 0 <= index < size
 */
export function inclusionPlan(index: Size, size: Size): ProofPlan {
  const [m, n] = [BigInt(index), BigInt(size)];
  if (m < 0n || m >= n) throw new TransparencyError('NUMBER', `no leaf ${m} in a tree of ${n}`);
  return path(m, 0n, n);
}

function path(m: bigint, begin: bigint, end: bigint): NodeRef[][] {
  if (end - begin === 1n) return [];
  const middle = begin + splitPoint(end - begin);
  return m < middle ? [...path(m, begin, middle), cover(middle, end)] : [...path(m, middle, end), cover(begin, middle)];
}

/**
 * Which nodes prove that one tree is a prefix of another (RFC 6962 section 2.1.2).
 *
 * @throws TransparencyError `NUMBER` unless 0 < from <= to
 */
export function consistencyPlan(from: Size, to: Size): ProofPlan {
  const [m, n] = [BigInt(from), BigInt(to)];
  if (m <= 0n || m > n) throw new TransparencyError('NUMBER', `no consistency proof from ${m} to ${n}`);
  return subproof(m, 0n, n, true);
}

function subproof(m: bigint, begin: bigint, end: bigint, whole: boolean): NodeRef[][] {
  if (m === end) return whole ? [] : [cover(begin, end)];
  const middle = begin + splitPoint(end - begin);
  return m <= middle
    ? [...subproof(m, begin, middle, whole), cover(middle, end)]
    : [...subproof(m, middle, end, false), cover(begin, middle)];
}

/** Largest power of two below n. */
function splitPoint(n: bigint): bigint {
  return 1n << BigInt((n - 1n).toString(2).length - 1);
}

/** Perfect subtrees of [begin, end), where begin is a multiple of the first one's width. */
function cover(begin: bigint, end: bigint): NodeRef[] {
  const nodes: NodeRef[] = [];
  for (let at = begin; at < end; ) {
    const level = (end - at).toString(2).length - 1;
    nodes.push({ level, index: at >> BigInt(level) });
    at += 1n << BigInt(level);
  }
  return nodes;
}

/** All nodes of a plan in order; fetch their hashes in this order for {@link assembleProof}. */
export function nodesOf(plan: ProofPlan): NodeRef[] {
  return plan.flat();
}

/** @throws TransparencyError `PROOF` when the number of hashes is not that of the plan */
export function assembleProof(plan: ProofPlan, hashes: readonly Uint8Array[]): Buffer[] {
  if (hashes.length !== nodesOf(plan).length)
    throw new TransparencyError('PROOF', `a plan of ${nodesOf(plan).length} nodes was given ${hashes.length} hashes`);
  let next = 0;
  return plan.map((group) => foldRight(group.map(() => hashes[next++]!))!);
}

export function proveInclusion(index: Size, size: Size, hashOf: (node: NodeRef) => Uint8Array): Buffer[] {
  const plan = inclusionPlan(index, size);
  return assembleProof(plan, nodesOf(plan).map(hashOf));
}

export function proveConsistency(from: Size, to: Size, hashOf: (node: NodeRef) => Uint8Array): Buffer[] {
  const plan = consistencyPlan(from, to);
  return assembleProof(plan, nodesOf(plan).map(hashOf));
}

/** Nodes whose combination is the root of a tree: lets a store with tiles only recompute any old root. */
export function rootPlan(size: Size): ProofPlan {
  return BigInt(size) === 0n ? [] : [cover(0n, BigInt(size))];
}
