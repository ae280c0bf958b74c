import { SecaggError } from '../error.ts';
import { isWeighted } from '../plan/body.ts';
import { chunkLayout, chunkShape } from '../plan/chunks.ts';
import type { RoundPlan } from '../plan/plan.ts';
import { unpackWords } from '../ring/packing.ts';
import { centredAux, centredModel } from '../ring/ring.ts';

/** An aggregate read back: exact integers of both segments. */
export interface DecodedAggregate {
  /** Σq by element, `dim` exact integers */
  readonly sum: Float64Array;
  /** sums by item name, `len` each, still times 2^scaleLog2 */
  readonly aux: ReadonlyMap<string, bigint[]>;
}

/**
 * Centred lift of the aggregate chunks.
 *
 * @param modelChunks of segment 0 in order, packed
 * @param auxChunks of segment 1 in order, packed
 * @throws SecaggError `CHUNK`
 */
export function decodeAggregate(
  plan: RoundPlan,
  modelChunks: readonly Uint8Array[],
  auxChunks: readonly Uint8Array[],
): DecodedAggregate {
  const { segments } = chunkLayout(plan);
  if (modelChunks.length !== segments[0].chunks || auxChunks.length !== segments[1].chunks) {
    throw new SecaggError('CHUNK', 'Not all chunks of the aggregate are there. Fetch the missing ones.');
  }
  return { sum: decodeModel(plan, modelChunks), aux: decodeAux(plan, auxChunks) };
}

/**
 * Mean update in model units (section 12): (Σq/s)·weightMax/Σw when weighted, (Σq/s)/|U3| otherwise.
 *
 * @throws SecaggError `OUT_OF_RANGE` when the weights sum to nothing
 */
export function meanUpdate(plan: RoundPlan, { sum, aux }: DecodedAggregate, survivors: number): Float64Array {
  const scale = 2 ** plan.scaleLog2;
  if (!isWeighted(plan)) return sum.map((q) => q / scale / survivors);
  const { name, max } = plan.aux[0]!;
  const weightMax = Number(max);
  const weights = Number(aux.get(name)![0]!);
  if (!(weights > 0))
    throw new SecaggError('OUT_OF_RANGE', 'The sum of the weights is not positive, so there is no mean.');
  return sum.map((q) => ((q / scale) * weightMax) / weights);
}

function decodeModel(plan: RoundPlan, chunks: readonly Uint8Array[]): Float64Array {
  const sum = new Float64Array(plan.dim);
  for (const [chunk, bytes] of chunks.entries()) {
    const { bits, elements, start } = chunkShape(plan, 0, chunk);
    sum.set(centredModel(bits, unpackWords(bits, elements, bytes)), start);
  }
  return sum;
}

function decodeAux(plan: RoundPlan, chunks: readonly Uint8Array[]): Map<string, bigint[]> {
  const all: bigint[] = [];
  for (const [chunk, bytes] of chunks.entries()) {
    for (const sum of centredAux(unpackWords(64, chunkShape(plan, 1, chunk).elements, bytes))) all.push(sum);
  }
  const out = new Map<string, bigint[]>();
  let at = 0;
  for (const { name, len } of plan.aux) {
    out.set(name, all.slice(at, at + len));
    at += len;
  }
  return out;
}
