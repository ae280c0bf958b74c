import { SecaggError } from '../error.ts';
import type { AuxItem } from '../plan/body.ts';
import type { RoundPlan } from '../plan/plan.ts';
import { roundHalfEven } from './rounding.ts';

/**
 * Aux vector of a tenant (section 12): items one after the other in plan order.
 *
 * @param values by item name, `len` numbers each: integers for weights and counts, natural units for sums
 * @throws SecaggError `INPUT` for a missing or unknown item, a wrong length, a non-finite value or a count out of range
 */
export function encodeAux(plan: RoundPlan, values: Readonly<Record<string, readonly number[]>>): BigInt64Array {
  const names = new Set(plan.aux.map((item) => item.name));
  for (const name of Object.keys(values)) if (!names.has(name)) throw fault(name, 'is not in the plan');
  const out = new BigInt64Array(plan.auxLen);
  let at = 0;
  for (const item of plan.aux) {
    const list = Object.hasOwn(values, item.name) ? values[item.name]! : [];
    if (list.length !== item.len) throw fault(item.name, `has ${list.length} values, the plan ${item.len}`);
    for (const value of list) out[at++] = encodeValue(item, value);
  }
  return out;
}

function encodeValue(item: AuxItem, value: number): bigint {
  if (!Number.isFinite(value)) throw fault(item.name, 'holds a value that is not finite');
  const max = BigInt(item.max);
  if (item.kind === 'sum') return encodeSum(item, value, max);
  const least = item.kind === 'weight' ? 1 : 0;
  if (!Number.isSafeInteger(value) || value < least || BigInt(value) > max) {
    throw fault(item.name, `holds a value outside ${least}..${item.max}`);
  }
  return BigInt(value);
}

/** x·2^scaleLog2 clamped to ±max, half to even; an overflow of the product is clamped too. */
function encodeSum({ scaleLog2 }: AuxItem, value: number, max: bigint): bigint {
  const scaled = value * 2 ** scaleLog2;
  if (!Number.isFinite(scaled)) return scaled > 0 ? max : -max;
  const rounded = BigInt(roundHalfEven(scaled));
  return rounded > max ? max : rounded < -max ? -max : rounded;
}

function fault(name: string, detail: string): SecaggError {
  return new SecaggError('INPUT', `The aux item ${name} ${detail}.`);
}
