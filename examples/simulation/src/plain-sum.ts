import type { Stage } from '@sumveil/learning';
import type { TrainResult } from '@sumveil/trainers';
import { roundHalfEven } from './round-half-even.ts';

/** Fields of `P.aggregation` that decide about the numbers. */
export interface Aggregation {
  readonly bits: 32;
  readonly scaleLog2: number;
  readonly clip: number;
  readonly linf?: number;
}

export interface PlainSum {
  /** Mean update of section 12, model units; empty without tensors. */
  readonly meanUpdate: Float64Array;
  /** Integers of the 64-bit ring by name, as `decodeAggregate` gives them. */
  readonly aux: Map<string, bigint[]>;
}

/**
 * What the masked protocol computes, without the masks: secure-aggregation.md section 12, rounding nearest. Masks cancel exactly in
 * the ring, so the result is bit-equal to the product's for the same survivors.
 */
export function plainSum(
  stage: Stage,
  aggregation: Aggregation,
  results: readonly TrainResult[],
  cohort: number,
): PlainSum {
  const weight = stage.aux[0]?.kind === 'weight' ? stage.aux[0] : undefined;
  const weightMax = weight === undefined ? 1 : Number(weight.classes?.at(-1) ?? weight.max);
  const weights = results.map(({ weightRows }) =>
    weight === undefined ? 1 : weightOf(weightRows, weightMax, weight.classes),
  );
  const scale = 2 ** aggregation.scaleLog2;
  const limits = limitsOf(aggregation, cohort);
  const dim = results[0]?.update.length ?? 0;
  const sum = new Float64Array(dim);
  results.forEach(({ update }, tenant) => {
    const q = quantise(
      update,
      limits,
      scale,
      weight === undefined ? undefined : [weights[tenant] as number, weightMax],
    );
    for (let i = 0; i < dim; i++) sum[i] = (sum[i] as number) + (q[i] as number);
  });
  const total = weight === undefined ? results.length : weights.reduce((a, b) => a + b, 0);
  const factor = weight === undefined ? 1 : weightMax;
  const aux = auxSum(stage, results);
  if (weight !== undefined) aux.set('weight', [BigInt(total)]);
  return { meanUpdate: sum.map((value) => ((value / scale) * factor) / total), aux };
}

function limitsOf({ bits, scaleLog2, clip, linf }: Aggregation, n: number): { clipQ: number; linfQ: number } {
  const scale = 2 ** scaleLog2;
  const clipQ = roundHalfEven(clip * scale);
  const fits = Math.floor((2 ** (bits - 1) - 1) / n) - 1;
  return { clipQ, linfQ: linf === undefined ? Math.min(clipQ, fits) : roundHalfEven(linf * scale) };
}

function weightOf(rows: number, max: number, classes?: readonly number[]): number {
  if (classes === undefined) return Math.min(rows, max);
  return classes.findLast((size) => size <= rows) ?? (classes[0] as number);
}

function quantise(
  x: Float64Array,
  { clipQ, linfQ }: { clipQ: number; linfQ: number },
  scale: number,
  weight: readonly [number, number] | undefined,
): Float64Array {
  let squares = 0;
  for (const value of x) squares += value * value;
  const factor = Math.min(1, clipQ / scale / Math.sqrt(squares));
  return x.map((value) => {
    const clipped = value * factor;
    const weighted = weight === undefined ? clipped : (clipped * weight[0]) / weight[1];
    return roundHalfEven(Math.max(-linfQ, Math.min(linfQ, weighted * scale)));
  });
}

function auxSum(stage: Stage, results: readonly TrainResult[]): Map<string, bigint[]> {
  const sums = new Map<string, bigint[]>();
  for (const { name, kind, len = 1, scaleLog2 = 0 } of stage.aux) {
    if (kind === 'weight') continue;
    const total = new Array<bigint>(len).fill(0n);
    for (const { aux } of results) {
      for (let i = 0; i < len; i++) {
        const value = aux[name]?.[i] as number;
        total[i] = (total[i] as bigint) + BigInt(roundHalfEven(value * 2 ** scaleLog2));
      }
    }
    sums.set(name, total);
  }
  return sums;
}
