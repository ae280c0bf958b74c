import { sha256 } from '@sumveil/wire';

const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);

/** All levels of an RFC 6962 tree, leaves first; a last node without a sibling moves up unchanged. */
export type Levels = readonly (readonly Buffer[])[];

/** @param leaves leaf data, not hashed yet */
export function treeLevels(leaves: readonly Uint8Array[]): Levels {
  const levels: Buffer[][] = [leaves.map((leaf) => sha256(LEAF, leaf))];
  for (let level = levels[0]!; level.length > 1; level = levels.at(-1)!) levels.push(parents(level));
  return levels;
}

/** Merkle tree hash of RFC 6962 section 2.1; of no leaves it is the hash of nothing. */
export function treeRoot(leaves: readonly Uint8Array[]): Buffer {
  return leaves.length === 0 ? sha256() : rootOf(treeLevels(leaves));
}

export function rootOf(levels: Levels): Buffer {
  return levels.at(-1)![0]!;
}

/** Audit path of one leaf, from the leaf upwards. */
export function auditPath(levels: Levels, index: number): Buffer[] {
  const path: Buffer[] = [];
  let at = index;
  for (const level of levels.slice(0, -1)) {
    const sibling = level[at ^ 1];
    if (sibling !== undefined) path.push(sibling);
    at >>= 1;
  }
  return path;
}

/**
 * Root that a leaf and its path lead to, or undefined when the path has a wrong length. Index and size come from the
 * verifier, never from the sender.
 */
export function rootFromPath(
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
): Buffer | undefined {
  let hash = sha256(LEAF, leaf);
  let used = 0;
  for (let at = index, last = size - 1; last > 0; at >>= 1, last >>= 1) {
    if (at === last && at % 2 === 0) continue;
    const sibling = path[used++];
    if (sibling === undefined) return undefined;
    hash = at % 2 === 1 ? sha256(NODE, sibling, hash) : sha256(NODE, hash, sibling);
  }
  return used === path.length ? hash : undefined;
}

function parents(level: readonly Buffer[]): Buffer[] {
  const out: Buffer[] = [];
  for (let i = 0; i < level.length; i += 2) {
    const right = level[i + 1];
    out.push(right === undefined ? level[i]! : sha256(NODE, level[i]!, right));
  }
  return out;
}
