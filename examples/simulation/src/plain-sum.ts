import { flatLength, type Stage } from '@sumveil/learning';
import { encodeAux, meanUpdate, quantiseNearest, type RoundPlan, weightOf } from '@sumveil/secagg';
import type { TrainResult } from '@sumveil/trainers';

/** Fields of `P.aggregation` that decide about the numbers; rounding is `nearest`, the ring 32 bits. */
export interface Aggregation {
  readonly scaleLog2: number;
  readonly clip: number;
}

export interface PlainSum {
  /** Mean update of section 12, model units; empty without tensors. */
  readonly meanUpdate: Float64Array;
  /** Integers of the 64-bit ring by name, as `decodeAggregate` gives them. */
  readonly aux: Map<string, bigint[]>;
}

/**
 * What the masked protocol computes, without the masks: the product's quantisation and decoding (secure-aggregation.md
 * section 12) around a plain sum of integers. Masks cancel exactly in the ring, so the result is bit-equal to the product's
 * for the same survivors.
 */
export function plainSum(
  stage: Stage,
  aggregation: Aggregation,
  results: readonly TrainResult[],
  cohort: number,
): PlainSum {
  const plan = numbersOf(stage, aggregation, cohort);
  const weighted = stage.aux[0]?.kind === 'weight' ? stage.aux[0] : undefined;
  const sum = new Float64Array(plan.dim);
  const aux = new Array<bigint>(plan.auxLen).fill(0n);
  for (const { update, aux: values, weightRows } of results) {
    const weight = weighted && weightOf(weightRows, Number(plan.aux[0]?.max), weighted.classes);
    add(sum, quantiseNearest(plan, update, weight));
    const own = weight === undefined ? values : { ...values, weight: [weight] };
    encodeAux(plan, own).forEach((value, i) => {
      aux[i] = (aux[i] as bigint) + value;
    });
  }
  const byName = named(plan, aux);
  return { meanUpdate: meanUpdate(plan, { sum, aux: byName }, results.length), aux: byName };
}

function add(sum: Float64Array, integers: Int32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (integers[i] as number);
}

/** The part of a round plan that quantisation reads (section 4, rows dim to aux). There is no round here to sign a whole one for. */
function numbersOf(stage: Stage, { scaleLog2, clip }: Aggregation, cohort: number): RoundPlan {
  const clipQ = clip * 2 ** scaleLog2;
  const linfQ = Math.min(clipQ, Math.floor((2 ** 31 - 1) / cohort) - 1);
  const aux = stage.aux.map(({ name, kind, len = 1, scaleLog2: scale = 0, max, classes }) => ({
    name,
    kind,
    len,
    scaleLog2: scale,
    max: String(max ?? classes?.at(-1)),
  }));
  const auxLen = aux.reduce((total, { len }) => total + len, 0);
  return { dim: flatLength(stage.tensors), scaleLog2, clipQ, linfQ, aux, auxLen } as unknown as RoundPlan;
}

function named(plan: RoundPlan, values: readonly bigint[]): Map<string, bigint[]> {
  let at = 0;
  return new Map(
    plan.aux.map(({ name, len }) => {
      at += len;
      return [name, values.slice(at - len, at)];
    }),
  );
}
