import { refuseUnless } from '../error.ts';
import { ENVELOPE_BYTES } from '../messages/envelopes.ts';
import { decodeField, parseMessage } from '../messages/fields.ts';
import { envelopeSchema, type M1, m1Schema } from '../messages/messages.ts';
import type { Accepted } from '../messages/open.ts';
import type { RoundPlan } from '../plan/plan.ts';
import type { Roster } from '../roster/roster.ts';
import { shareLeaf } from '../tree/leaves.ts';
import { treeRoot } from '../tree/tree.ts';
import { openFrom } from './from.ts';

export interface M1Upload {
  /** signed message as uploaded */
  readonly m1: Uint8Array;
  /** one for each other member of U1, ascending recipient */
  readonly envelopes: readonly Uint8Array[];
}

/**
 * R1 at the coordinator: an M1 counts only with all its envelopes and a matching root, so a forwarded envelope is always
 * under the sender's signature.
 *
 * @throws SecaggError `FORMAT` or `REFUSED`
 */
export function acceptM1(
  plan: RoundPlan,
  roster: Roster,
  from: number,
  { m1, envelopes }: M1Upload,
  { u1, dirHash }: { u1: readonly number[]; dirHash: Uint8Array },
): Accepted<M1> & { readonly envelopes: readonly Uint8Array[] } {
  refuseUnless(u1.includes(from), `${from} is not in U1`);
  const accepted = openFrom<M1>('m1', m1Schema, { plan, roster }, from, m1);
  refuseUnless(decodeField(accepted.body.dirHash).equals(dirHash), `${from} saw another directory`);
  const recipients = u1.filter((member) => member !== from);
  refuseUnless(envelopes.length === recipients.length, `${from} did not send one envelope to each member`);
  const leaves = recipients.map((to, i) => {
    checkEnvelope(plan, from, to, envelopes[i]!);
    return shareLeaf(to, envelopes[i]!);
  });
  refuseUnless(treeRoot(leaves).equals(decodeField(accepted.body.shareRoot)), `shareRoot of ${from} does not match`);
  return { ...accepted, envelopes };
}

function checkEnvelope(plan: RoundPlan, from: number, to: number, bytes: Uint8Array): void {
  refuseUnless(bytes.byteLength <= ENVELOPE_BYTES, 'an envelope exceeds 8 KiB');
  const envelope = parseMessage(envelopeSchema(plan.suite, from, to), bytes);
  refuseUnless(envelope.from === from && envelope.to === to, 'an envelope names another pair');
}
