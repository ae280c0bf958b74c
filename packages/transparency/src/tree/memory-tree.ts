import { TransparencyError } from '../error.ts';
import { EMPTY_ROOT, leafHash } from './hash.ts';
import { assembleProof, type NodeRef, nodesOf, proveConsistency, proveInclusion, rootPlan } from './prove.ts';
import { appendHashes, emptyRange, type Range } from './range.ts';

/** A whole tree in memory: every perfect subtree is kept, so proofs of any two sizes are look-ups. For small logs. */
export class MemoryTree {
  #range: Range = emptyRange();
  readonly #levels: Buffer[][] = [];

  /** @returns the leaf's index */
  append(leaf: Uint8Array): number {
    return this.appendHash(leafHash(leaf));
  }

  appendHash(hash: Uint8Array): number {
    const index = this.#range.size;
    const { range, nodes } = appendHashes(this.#range, [hash]);
    for (const node of nodes) {
      this.#levels[node.level] ??= [];
      this.#levels[node.level]!.push(node.hash);
    }
    this.#range = range;
    return index;
  }

  get size(): number {
    return this.#range.size;
  }

  get range(): Range {
    return this.#range;
  }

  hashOf = (node: NodeRef): Buffer => {
    const hash = this.#levels[node.level]?.[Number(node.index)];
    if (!hash)
      throw new TransparencyError('NUMBER', `the tree of ${this.size} has no node ${node.level}/${node.index}`);
    return hash;
  };

  root(size = this.size): Buffer {
    const plan = rootPlan(size);
    return assembleProof(plan, nodesOf(plan).map(this.hashOf))[0] ?? EMPTY_ROOT;
  }

  inclusion(index: number, size = this.size): Buffer[] {
    return proveInclusion(index, size, this.hashOf);
  }

  consistency(from: number, to = this.size): Buffer[] {
    return proveConsistency(from, to, this.hashOf);
  }
}
