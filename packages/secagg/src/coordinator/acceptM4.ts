import { refuseUnless } from '../error.ts';
import { decodeField } from '../messages/fields.ts';
import { type M4, m4Schema } from '../messages/messages.ts';
import type { Accepted } from '../messages/open.ts';
import type { RoundPlan } from '../plan/plan.ts';
import type { Roster } from '../roster/roster.ts';
import { decodeScalar } from '../sharing/scalar.ts';
import { openFrom } from './from.ts';

/**
 * R4 at the coordinator: exactly one b-share for each survivor and one a-share for each tenant of U2 that dropped out.
 * Whether a share is right shows only in recoverSecrets.
 *
 * @throws SecaggError `FORMAT` or `REFUSED`
 */
export function acceptM4(
  plan: RoundPlan,
  roster: Roster,
  from: number,
  bytes: Uint8Array,
  { u2, u3, u3Hash }: { u2: readonly number[]; u3: readonly number[]; u3Hash: Uint8Array },
): Accepted<M4> {
  refuseUnless(u3.includes(from), `${from} is not in U3`);
  const accepted = openFrom<M4>('m4', m4Schema, { plan, roster }, from, bytes);
  const { body } = accepted;
  refuseUnless(decodeField(body.u3Hash).equals(u3Hash), `${from} answers another U3`);
  checkShareList(body.b, u3);
  checkShareList(
    body.a,
    u2.filter((member) => !u3.includes(member)),
  );
  return accepted;
}

function checkShareList(shares: M4['a'], members: readonly number[]): void {
  refuseUnless(
    shares.length === members.length && shares.every(({ idx }, i) => idx === members[i]),
    'the shares are not those of the members asked for',
  );
  for (const { share } of shares) decodeScalar(decodeField(share));
}
