import { TransparencyError } from '../error.ts';
import { EMPTY_ROOT, nodeHash } from './hash.ts';

/** Roots of the perfect subtrees of a tree, largest first: all that is needed to append and to know the root. */
export interface Range {
  readonly size: number;
  readonly hashes: readonly Buffer[];
}

/** A perfect subtree of 2^level leaves that starts at leaf index·2^level. */
export interface Node {
  readonly level: number;
  readonly index: number;
  readonly hash: Buffer;
}

export function emptyRange(): Range {
  return { size: 0, hashes: [] };
}

/**
 * Appends leaf hashes; `nodes` are all perfect subtrees that this completes, leaves included, in order of completion.
 *
 * @throws TransparencyError `NUMBER` when the range does not fit its size
 */
export function appendHashes(range: Range, leafHashes: readonly Uint8Array[]): { range: Range; nodes: Node[] } {
  if (range.hashes.length !== ones(range.size))
    throw new TransparencyError('NUMBER', `a range of ${range.hashes.length} hashes cannot be a tree of ${range.size}`);
  const stack = [...range.hashes];
  const nodes: Node[] = [];
  let size = range.size;
  for (const leaf of leafHashes) {
    let hash: Buffer = Buffer.from(leaf);
    let [level, index] = [0, size];
    nodes.push({ level, index, hash });
    while (index % 2 === 1) {
      hash = nodeHash(stack.pop()!, hash);
      level += 1;
      index = (index - 1) / 2;
      nodes.push({ level, index, hash });
    }
    stack.push(hash);
    size += 1;
  }
  return { range: { size, hashes: stack }, nodes };
}

export function rangeRoot(range: Range): Buffer {
  return foldRight(range.hashes) ?? EMPTY_ROOT;
}

/** Right-to-left combination of adjacent subtrees, largest first; undefined for none. */
export function foldRight(hashes: readonly Uint8Array[]): Buffer | undefined {
  const last = hashes.at(-1);
  if (!last) return undefined;
  return hashes.slice(0, -1).reduceRight<Buffer>((right, left) => nodeHash(left, right), Buffer.from(last));
}

function ones(size: number): number {
  let count = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}
