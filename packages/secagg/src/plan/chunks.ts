import { SecaggError } from '../error.ts';
import { packedBytes } from '../ring/packing.ts';
import type { RingBits } from '../ring/ring.ts';
import type { RoundPlan } from './plan.ts';

/** Segment 0 is the model vector, segment 1 the aux vector (section 11). */
export interface SegmentShape {
  readonly segment: 0 | 1;
  readonly elements: number;
  readonly bits: RingBits;
  readonly chunks: number;
}

export interface ChunkShape {
  readonly segment: 0 | 1;
  readonly chunk: number;
  /** index of the first element in the segment */
  readonly start: number;
  readonly elements: number;
  readonly bits: RingBits;
  /** packed length */
  readonly bytes: number;
}

/** Both segments and the number of chunks over both; the same for every tenant of the attempt. */
export function chunkLayout(plan: RoundPlan): { total: number; segments: [SegmentShape, SegmentShape] } {
  const model = segmentShape(plan, 0, plan.dim, plan.bits);
  const aux = segmentShape(plan, 1, plan.auxLen, 64);
  return { total: model.chunks + aux.chunks, segments: [model, aux] };
}

/** Every chunk in the order of the chunk tree: segment, then chunk. */
export function* eachChunk(plan: RoundPlan): Generator<ChunkShape> {
  for (const { segment, chunks } of chunkLayout(plan).segments) {
    for (let chunk = 0; chunk < chunks; chunk++) yield chunkShape(plan, segment, chunk);
  }
}

/** @throws SecaggError `CHUNK` when the plan has no such chunk */
export function chunkShape(plan: RoundPlan, segment: number, chunk: number): ChunkShape {
  const shape = chunkLayout(plan).segments[segment];
  if (shape === undefined || !Number.isInteger(chunk) || chunk < 0 || chunk >= shape.chunks) {
    throw new SecaggError('CHUNK', 'The plan has no such chunk. Use the segments and chunks of its layout.');
  }
  const start = chunk * plan.chunkElems;
  const elements = Math.min(plan.chunkElems, shape.elements - start);
  const { bits } = shape;
  return { segment: shape.segment, chunk, start, elements, bits, bytes: packedBytes(bits, elements) };
}

function segmentShape(plan: RoundPlan, segment: 0 | 1, elements: number, bits: RingBits): SegmentShape {
  return { segment, elements, bits, chunks: Math.ceil(elements / plan.chunkElems) };
}
