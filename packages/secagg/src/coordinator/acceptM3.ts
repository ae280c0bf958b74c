import { refuseUnless } from '../error.ts';
import { decodeField } from '../messages/fields.ts';
import { type M3, m3Schema } from '../messages/messages.ts';
import type { Accepted } from '../messages/open.ts';
import type { RoundPlan } from '../plan/plan.ts';
import type { Roster } from '../roster/roster.ts';
import { openFrom } from './from.ts';

/** R3 at the coordinator. @throws SecaggError `FORMAT` or `REFUSED` */
export function acceptM3(
  plan: RoundPlan,
  roster: Roster,
  from: number,
  bytes: Uint8Array,
  { u3, u3Hash }: { u3: readonly number[]; u3Hash: Uint8Array },
): Accepted<M3> {
  refuseUnless(u3.includes(from), `${from} is not in U3`);
  const accepted = openFrom<M3>('m3', m3Schema, { plan, roster }, from, bytes);
  refuseUnless(decodeField(accepted.body.u3Hash).equals(u3Hash), `${from} signed another U3`);
  return accepted;
}
