import type { KeyObject } from 'node:crypto';
import { randomBytes } from 'node:crypto';
import {
  addLines,
  cosignLine,
  encodeLeaf,
  formatTlogProof,
  type Leaf,
  MemoryTree,
  peekCheckpoint,
  signCheckpoint,
  splitNote,
  witnessName,
} from '@sumveil/transparency';
import type { TestTenant } from './tenants.ts';

/** A log in memory that signs a checkpoint for every size; witnesses cosign when asked. */
export class TestLog {
  readonly tree = new MemoryTree();
  readonly notes = new Map<number, Buffer>();
  readonly origin: string;
  readonly #key: KeyObject;

  constructor(origin: string, key: KeyObject) {
    this.origin = origin;
    this.#key = key;
  }

  /** @returns exact bytes of the leaf and its index */
  append(fields: Record<string, unknown>): { bytes: Buffer; index: number } {
    const bytes = encodeLeaf({
      v: 1,
      id: uuid7(),
      time: new Date().toISOString(),
      actor: ACTOR,
      ...fields,
    } as unknown as Leaf);
    const index = this.tree.append(bytes);
    this.notes.set(
      this.tree.size,
      signCheckpoint({ origin: this.origin, size: this.tree.size, root: this.tree.root() }, this.#key),
    );
    return { bytes, index };
  }

  addCosignature(size: number, line: string): void {
    this.notes.set(size, addLines(this.notes.get(size)!, [line]));
  }

  cosignAll(tenants: readonly TestTenant[], size = this.tree.size): void {
    const { text } = splitNote(this.notes.get(size)!);
    for (const { ref, witnessKey } of tenants)
      this.addCosignature(
        size,
        cosignLine(text, witnessName(this.origin, ref), witnessKey, Math.floor(Date.now() / 1_000)),
      );
  }

  proof(index: number, size = this.tree.size): Buffer {
    const note = this.notes.get(size)!;
    return formatTlogProof({ index, proof: this.tree.inclusion(index, size), note });
  }

  newest() {
    return peekCheckpoint(this.notes.get(this.tree.size)!);
  }
}

const ACTOR = { kind: 'service', ref: 'coordinator', via: 'test' } as const;

function uuid7(): string {
  const hex = randomBytes(16).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}
