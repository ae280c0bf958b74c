import { SecaggError } from '../error.ts';
import type { RoundPlan } from '../plan/plan.ts';

/** Integers of both segments before masking. */
export interface Integers {
  /** `dim` integers in ±linfQ */
  readonly model: Int32Array;
  /** `auxLen` integers, each within ±max of its item */
  readonly aux: BigInt64Array;
}

/** Last look before masking: what is out of range here would wrap the sum of everybody. @throws SecaggError `INPUT` */
export function checkIntegers(plan: RoundPlan, { model, aux }: Integers): void {
  if (model.length !== plan.dim) throw fault(`the model vector has ${model.length} elements, the plan ${plan.dim}`);
  if (aux.length !== plan.auxLen) throw fault(`the aux vector has ${aux.length} elements, the plan ${plan.auxLen}`);
  if (!isWithin(model, plan.linfQ)) throw fault('a model element exceeds the coordinate clip');
  let at = 0;
  for (const { name, kind, len, max } of plan.aux) {
    const high = BigInt(max);
    const low = kind === 'sum' ? -high : kind === 'weight' ? 1n : 0n;
    for (const value of aux.subarray(at, at + len)) {
      if (value < low || value > high) throw fault(`a value of ${name} is outside its range`);
    }
    at += len;
  }
}

function isWithin(model: Int32Array, bound: number): boolean {
  for (let i = 0; i < model.length; i++) if (model[i]! > bound || model[i]! < -bound) return false;
  return true;
}

function fault(detail: string): SecaggError {
  return new SecaggError('INPUT', `The update is not masked: ${detail}.`);
}
