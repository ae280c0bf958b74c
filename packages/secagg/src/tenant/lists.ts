import type { Signed } from '@sumveil/wire';
import type { z } from 'zod';
import { refuseUnless } from '../error.ts';
import { decodeField } from '../messages/fields.ts';
import { listHash } from '../messages/lists.ts';
import type { ListPhase } from '../messages/messages.ts';
import { type Accepted, openList, openTenantMessage } from '../messages/open.ts';
import type { Attending } from './state.ts';

export interface ListCheck<T> {
  readonly phase: ListPhase;
  /** type of the listed messages */
  readonly type: string;
  readonly schema: z.ZodType<T>;
  readonly list: Signed;
  /** the listed members' messages, ascending idx */
  readonly messages: readonly Signed[];
  /** members may only come from here */
  readonly within: readonly number[];
  /** own message of this phase, must be there byte for byte */
  readonly own: Signed;
}

export interface CheckedList<T> {
  readonly members: readonly number[];
  readonly messages: readonly Accepted<T>[];
  readonly hash: Buffer;
}

/**
 * What R1, R2 and R3 have in common: a coordinator that shows different tenants different members, withholds one or swaps
 * one's message is caught here or by the hash that everybody signs next.
 *
 * @throws SecaggError `FORMAT` or `REFUSED`
 */
export function checkList<T extends { planHash: string; idx: number }>(
  attending: Attending,
  check: ListCheck<T>,
): CheckedList<T> {
  const { plan, idx } = attending;
  const list = openList(attending, check.phase, check.list);
  const { members } = list;
  refuseUnless(
    members.every((member) => check.within.includes(member)),
    'the list names a stranger',
  );
  refuseUnless(
    members.length >= plan.minSurvivors,
    `the list has ${members.length} of at least ${plan.minSurvivors} members`,
  );
  refuseUnless(members.includes(idx), 'the list leaves this tenant out');
  refuseUnless(check.messages.length === members.length, `not exactly one ${check.type} for each listed member`);
  const messages = check.messages.map((signed) => openTenantMessage(check.type, check.schema, attending, signed));
  refuseUnless(
    messages.every((message, i) => message.idx === members[i]),
    `the ${check.type} messages are not those of the listed members`,
  );
  refuseUnless(isSame(messages[members.indexOf(idx)]!.signed, check.own), `the own ${check.type} was changed`);
  const hash = listHash(plan.planHash, check.phase, messages);
  refuseUnless(hash.equals(decodeField(list.listHash)), 'the list hash does not cover these messages');
  return { members, messages, hash };
}

function isSame(a: Signed, b: Signed): boolean {
  return Buffer.from(a.body).equals(b.body) && Buffer.from(a.sig).equals(b.sig);
}
