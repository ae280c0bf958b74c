import { SecaggError } from '../error.ts';
import { isWeighted } from '../plan/body.ts';
import type { RoundPlan } from '../plan/plan.ts';
import { roundHalfEven } from './rounding.ts';

/** Fields of a plan that the model vector goes through. */
export interface Quantiser {
  readonly clipQ: number;
  readonly linfQ: number;
  readonly scaleLog2: number;
}

/**
 * Section 12 for one model vector with rounding `nearest`: L2 clip, weight, scale, coordinate clip, half to even.
 *
 * @param x `dim` finite values in model units
 * @param weight 1..weightMax; given exactly when the plan has a weight item
 * @returns integers in ±linfQ
 * @throws SecaggError `INPUT`
 */
export function quantiseNearest(plan: RoundPlan, x: Float32Array | Float64Array, weight?: number): Int32Array {
  if (x.length !== plan.dim) throw fault(`it has ${x.length} elements and the plan ${plan.dim}`);
  if (isWeighted(plan) !== (weight !== undefined)) throw fault('a weight is given exactly when the plan has one');
  return quantiseVector(plan, x, weight === undefined ? undefined : { weight, weightMax: Number(plan.aux[0]!.max) });
}

export function quantiseVector(
  quantiser: Quantiser,
  x: Float32Array | Float64Array,
  weighted?: { weight: number; weightMax: number },
): Int32Array {
  if (!(x instanceof Float32Array || x instanceof Float64Array)) throw fault('it is neither float32 nor float64');
  checkWeight(weighted);
  const factor = clipFactor(quantiser, norm(x));
  const scale = 2 ** quantiser.scaleLog2;
  return weighted === undefined
    ? roundPlain(x, factor, scale, quantiser.linfQ)
    : roundWeighted(x, factor, scale, quantiser.linfQ, weighted.weight, weighted.weightMax);
}

/** Square root of the sum of squares added in index order, in float64. */
function norm(x: Float32Array | Float64Array): number {
  let squares = 0;
  for (let i = 0; i < x.length; i++) {
    const value = x[i]!;
    if (!Number.isFinite(value)) throw fault('an element is not finite');
    squares += value * value;
  }
  if (!Number.isFinite(squares)) throw fault('its norm is not finite');
  return Math.sqrt(squares);
}

function clipFactor({ clipQ, scaleLog2 }: Quantiser, length: number): number {
  return Math.min(1, clipQ / 2 ** scaleLog2 / length);
}

// One loop each, so that no element pays for the other's branch.

function roundPlain(x: Float32Array | Float64Array, factor: number, scale: number, linfQ: number): Int32Array {
  const out = new Int32Array(x.length);
  for (let i = 0; i < x.length; i++) out[i] = roundHalfEven(clamp(x[i]! * factor * scale, linfQ));
  return out;
}

function roundWeighted(
  x: Float32Array | Float64Array,
  factor: number,
  scale: number,
  linfQ: number,
  weight: number,
  weightMax: number,
): Int32Array {
  const out = new Int32Array(x.length);
  for (let i = 0; i < x.length; i++) {
    out[i] = roundHalfEven(clamp(((x[i]! * factor * weight) / weightMax) * scale, linfQ));
  }
  return out;
}

function clamp(z: number, bound: number): number {
  return Math.min(Math.max(z, -bound), bound);
}

function checkWeight(weighted: { weight: number; weightMax: number } | undefined): void {
  if (weighted === undefined) return;
  const { weight, weightMax } = weighted;
  if (!Number.isInteger(weight) || weight < 1 || weight > weightMax)
    throw fault(`its weight is outside 1..${weightMax}`);
}

function fault(detail: string): SecaggError {
  return new SecaggError('INPUT', `The model vector is refused: ${detail}.`);
}
