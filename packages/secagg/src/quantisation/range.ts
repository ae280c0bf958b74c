import { SecaggError } from '../error.ts';
import type { AuxItem } from '../plan/body.ts';
import type { ChunkShape } from '../plan/chunks.ts';
import { noiseTail } from '../plan/dpBounds.ts';
import type { RoundPlan } from '../plan/plan.ts';
import { centredAux, centredModel, type Words } from '../ring/ring.ts';

/**
 * Range check of section 19: sums that honest inputs cannot reach come from a wrapping or poisoned input.
 *
 * @param words residues of one aggregate chunk
 * @throws SecaggError `OUT_OF_RANGE`: the result is kept back
 */
export function checkSums(plan: RoundPlan, shape: ChunkShape, words: Words, survivors: number): void {
  if (shape.segment === 0) checkModel(plan, words, survivors, shape.bits);
  else checkAux(plan, shape.start, centredAux(words), survivors);
}

function checkModel(plan: RoundPlan, words: Words, survivors: number, bits: ChunkShape['bits']): void {
  const sigma2 = plan.dp.mech === 'none' ? 0n : BigInt(plan.dp.sigma2);
  const bound = survivors * (plan.linfQ + 1) + Number(noiseTail(plan.cohort.length, sigma2));
  const sums = centredModel(bits, words);
  for (let i = 0; i < sums.length; i++) if (sums[i]! > bound || sums[i]! < -bound) throw outOfRange('the model vector');
}

function checkAux(plan: RoundPlan, start: number, sums: BigInt64Array, survivors: number): void {
  const tail = noiseTail(plan.cohort.length, BigInt(plan.auxNoise.sigma2));
  let end = 0;
  for (const item of plan.aux) {
    const begin = end;
    end += item.len;
    const { low, high } = sumRange(item, BigInt(survivors));
    const part = sums.subarray(Math.max(begin - start, 0), Math.max(end - start, 0));
    for (const sum of part) if (sum < low - tail || sum > high + tail) throw outOfRange(`aux item ${item.name}`);
  }
}

/** Every tenant contributes a weight of at least 1, a count of at least 0, a sum within ±max. */
function sumRange({ kind, max }: AuxItem, survivors: bigint): { low: bigint; high: bigint } {
  const high = survivors * BigInt(max);
  if (kind === 'sum') return { low: -high, high };
  return { low: kind === 'weight' ? survivors : 0n, high };
}

function outOfRange(what: string): SecaggError {
  return new SecaggError(
    'OUT_OF_RANGE',
    `The sum of ${what} is beyond what honest inputs can reach. It is kept back; look for the tenant that sends such input.`,
  );
}
