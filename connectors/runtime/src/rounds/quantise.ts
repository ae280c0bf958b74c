import type { Stage } from '@sumveil/learning';
import { encodeAux, quantiseNearest, type RoundPlan, weightOf } from '@sumveil/secagg';
import type { TrainResult } from '@sumveil/trainers';

/** Integers that are masked; they live in memory only and are overwritten afterwards. */
export interface Quantised {
  readonly model: Int32Array;
  readonly aux: BigInt64Array;
}

/**
 * Clip, weight and round (secure-aggregation section 12). The weight comes from the plan's public classes where it has
 * them, so that a change of survivors shows a class and nothing finer.
 *
 * @throws SecaggError `INPUT` for NaN, infinities, wrong lengths, no rows or too many
 */
export function quantise(plan: RoundPlan, stage: Stage, result: TrainResult): Quantised {
  const item = stage.aux.find((aux) => aux.kind === 'weight');
  if (!item) return { model: quantiseNearest(plan, result.update), aux: encodeAux(plan, result.aux) };
  const max = Number(plan.aux.find((aux) => aux.name === item.name)!.max);
  const weight = weightOf(result.weightRows, max, item.classes);
  const values = { ...result.aux, [item.name]: [weight] };
  return { model: quantiseNearest(plan, result.update, weight), aux: encodeAux(plan, values) };
}
