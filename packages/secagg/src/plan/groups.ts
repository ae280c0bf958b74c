import { toBase64url } from '@sumveil/wire';
import { groupAssignment } from '../keys/keySchedule.ts';
import { decodeField } from '../messages/fields.ts';
import { colluders } from '../parameters.ts';
import type { Roster } from '../roster/roster.ts';
import { planFault } from './body.ts';
import { permute } from './permutation.ts';

/** A tenant's opened nonce of the one-time cut into groups (section 17). */
export interface Reveal {
  readonly idx: number;
  /** base64url of 32 bytes */
  readonly nonce: string;
}

export interface GroupCut {
  readonly cohort: number[];
  /** least c that holds with probability 1 - 2^-23/count for this group */
  readonly c: number;
  readonly group: { assignHash: string; count: number; index: number };
}

/** The group of a plan. @param tenants all tenants of the grant, ascending. @throws SecaggError `PLAN` */
export function cutGroup(
  tenants: readonly number[],
  count: number,
  index: number,
  reveals: readonly Reveal[],
  { roster, jobId }: { roster: Roster; jobId: string },
): GroupCut {
  if (reveals.length !== tenants.length || reveals.some((reveal, i) => reveal.idx !== tenants[i])) {
    throw planFault('the reveals are not those of all tenants of the grant');
  }
  if (!Number.isInteger(index) || index < 0 || index >= count) throw planFault('the group index is out of range');
  const nonces = reveals.map(({ idx, nonce }) => ({ idx, nonce: decodeNonce(nonce) }));
  const seed = groupAssignment(roster.rosterHash, jobId, nonces);
  const cohort = slice(permute(tenants, seed), count, index).sort((a, b) => a - b);
  const corrupt = colluders(tenants.length, roster.cNum, roster.cDen);
  return {
    cohort,
    c: leastColluders(tenants.length, corrupt, cohort.length, count),
    group: { assignHash: toBase64url(seed), count, index },
  };
}

/** Least x with P[Hyp(population, marked, drawn) > x] <= 2^-23/count, in exact integers. */
export function leastColluders(population: number, marked: number, drawn: number, count: number): number {
  const all = choose(population, drawn);
  let above = 0n;
  for (let x = Math.min(marked, drawn); x > 0; x--) {
    above += choose(marked, x) * choose(population - marked, drawn - x);
    if (above * 2n ** 23n * BigInt(count) > all) return x;
  }
  return 0;
}

function slice(order: readonly number[], count: number, index: number): number[] {
  const size = Math.floor(order.length / count);
  const longer = order.length % count;
  const start = index * size + Math.min(index, longer);
  return order.slice(start, start + size + (index < longer ? 1 : 0));
}

function choose(n: number, k: number): bigint {
  if (k < 0 || k > n) return 0n;
  let out = 1n;
  for (let i = 1n; i <= BigInt(k); i++) out = (out * (BigInt(n) - BigInt(k) + i)) / i;
  return out;
}

function decodeNonce(text: string): Buffer {
  const nonce = decodeField(text);
  if (nonce.byteLength !== 32 || toBase64url(nonce) !== text) throw planFault('a reveal is not base64url of 32 bytes');
  return nonce;
}
