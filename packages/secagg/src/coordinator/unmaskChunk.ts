import { sha256 } from '@sumveil/wire';
import { type ChunkShape, chunkShape } from '../plan/chunks.ts';
import type { RoundPlan } from '../plan/plan.ts';
import { checkSums } from '../quantisation/range.ts';
import { aesCtrExpander, applyMask, type Expander } from '../ring/masks.ts';
import { packWords, unpackWords } from '../ring/packing.ts';
import { addWords, type Words, zeroWords } from '../ring/ring.ts';
import type { UnmaskKeys } from './unmaskKeys.ts';

export interface UnmaskChunkInput {
  readonly plan: RoundPlan;
  readonly segment: number;
  readonly chunk: number;
  readonly keys: UnmaskKeys;
  readonly u3: readonly number[];
  /** stored upload of a survivor for this segment and chunk; a missing one has to reject: then nothing is released */
  readonly chunkOf: (idx: number) => Promise<Uint8Array> | Uint8Array;
  readonly expander?: Expander;
}

/** An aggregate chunk, packed like an upload, and SHA-256 of the bytes. */
export interface AggregateChunk {
  readonly bytes: Buffer;
  readonly hash: Buffer;
}

/**
 * One job of section 20: sum of the survivors' chunks with their masks taken off. Idempotent; needs memory for one
 * accumulator, one incoming chunk and the key list.
 *
 * @throws SecaggError `CHUNK` for a bad stored chunk, `OUT_OF_RANGE` when the result has to be quarantined (section 19)
 */
export async function unmaskChunk(input: UnmaskChunkInput): Promise<AggregateChunk> {
  const { plan, u3, chunkOf } = input;
  const shape = chunkShape(plan, input.segment, input.chunk);
  const sum = zeroWords(shape.bits, shape.elements);
  for (const idx of u3) addWords(shape.bits, sum, unpackWords(shape.bits, shape.elements, await chunkOf(idx)));
  removeMasks(sum, shape, input);
  const bytes = packWords(shape.bits, sum);
  checkSums(plan, shape, unpackWords(shape.bits, shape.elements, bytes), u3.length);
  return { bytes, hash: sha256(bytes) };
}

function removeMasks(sum: Words, { segment, bits, start }: ChunkShape, { keys, expander }: UnmaskChunkInput): void {
  for (const { key, sign } of keys[segment]) applyMask(bits, sum, key, sign, start, expander ?? aesCtrExpander);
}
