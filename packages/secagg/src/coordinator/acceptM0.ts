import { checkDirectoryKeys } from '../messages/directory.ts';
import { type M0, m0Schema } from '../messages/messages.ts';
import type { Accepted } from '../messages/open.ts';
import type { RoundPlan } from '../plan/plan.ts';
import type { Roster } from '../roster/roster.ts';
import { openFrom } from './from.ts';

/**
 * R0 at the coordinator.
 *
 * @param from roster index of the authenticated transport identity
 * @param bytes signed message as uploaded
 * @param earlier M0 accepted before: a key that stands there already would make every tenant refuse the directory
 * @throws SecaggError `FORMAT` or `REFUSED`
 */
export function acceptM0(
  plan: RoundPlan,
  roster: Roster,
  from: number,
  bytes: Uint8Array,
  earlier: Iterable<Accepted<M0>> = [],
): Accepted<M0> {
  const accepted = openFrom<M0>('m0', m0Schema[plan.suite], { plan, roster }, from, bytes);
  checkDirectoryKeys([...Array.from(earlier, (message) => message.body), accepted.body]);
  return accepted;
}
