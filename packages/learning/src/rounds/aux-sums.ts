import { LearningError } from '../error.ts';
import type { AuxSpec } from '../task/stages.ts';

/** Securely summed aux items by name, in natural units: counts as integers, sums divided by 2^scaleLog2. */
export type AuxSums = Readonly<Record<string, readonly number[]>>;

/** From the integers of the 64-bit ring (secure-aggregation.md section 12). Throws SHAPE for a missing item. */
export function auxSums(items: readonly AuxSpec[], integers: ReadonlyMap<string, readonly bigint[]>): AuxSums {
  const sums: Record<string, readonly number[]> = {};
  for (const { name, len = 1, scaleLog2 = 0 } of items) {
    const values = integers.get(name);
    if (values?.length !== len) throw new LearningError('SHAPE', `The aggregate has no ${name} of ${len} elements.`);
    sums[name] = values.map((value) => Number(value) / 2 ** scaleLog2);
  }
  return sums;
}
