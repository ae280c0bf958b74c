import type { Signed } from '@sumveil/wire';
import { refuseUnless, SecaggError } from '../error.ts';
import { type Delivered, decodeDelivered } from '../messages/envelopes.ts';
import { decodeField } from '../messages/fields.ts';
import { type M1, m1Schema } from '../messages/messages.ts';
import { shareLeaf } from '../tree/leaves.ts';
import { rootFromPath } from '../tree/tree.ts';
import { openEnvelope } from './envelope.ts';
import { checkList } from './lists.ts';
import { beginStep, type Shared, type SharesChecked } from './state.ts';

export interface SharesInput {
  /** `list` of phase u2 */
  readonly list: Signed;
  /** M1 of every member, ascending idx */
  readonly m1s: readonly Signed[];
  /** delivered envelopes of all members of U2 but this tenant, concatenated, ascending sender */
  readonly delivered: Uint8Array;
}

/**
 * First half of R2: everybody saw the same directory, and this tenant holds both shares of every listed member. A missing
 * or bad envelope ends the attempt.
 *
 * @throws SecaggError `REFUSED` (with the disputed pair as blame), `FORMAT` or `PHASE`
 */
export function checkShares(state: Shared, { list, m1s, delivered }: SharesInput): SharesChecked {
  beginStep(state, 'check');
  const { idx, u1, dirHash, m1 } = state;
  const checked = checkList<M1>(state, {
    phase: 'u2',
    type: 'm1',
    schema: m1Schema,
    list,
    messages: m1s,
    within: u1,
    own: m1,
  });
  for (const { body } of checked.messages) {
    refuseUnless(decodeField(body.dirHash).equals(dirHash), `${body.idx} saw another directory`);
  }
  const senders = checked.messages.filter((message) => message.idx !== idx);
  const envelopes = decodeDelivered(delivered);
  refuseUnless(envelopes.length === senders.length, 'not exactly one envelope from each listed member');
  for (const [i, sender] of senders.entries()) openDelivered(state, sender.body, envelopes[i]!);
  return { ...state, step: 'sharesChecked', u2: checked.members, u2Hash: checked.hash };
}

function openDelivered(state: Shared, sender: M1, { envelope, path }: Delivered): void {
  const { idx, u1 } = state;
  const recipients = u1.filter((member) => member !== sender.idx);
  const leaf = shareLeaf(idx, envelope);
  const root = rootFromPath(leaf, recipients.indexOf(idx), recipients.length, path);
  refuseUnless(
    root?.equals(decodeField(sender.shareRoot)) === true,
    `the envelope of ${sender.idx} is not under its root`,
  );
  try {
    openEnvelope(state, sender.idx, envelope);
  } catch (error) {
    if (!(error instanceof SecaggError)) throw error;
    const blame = [{ idx: sender.idx, with: idx, reason: 'bad-envelope' as const }];
    throw new SecaggError('REFUSED', `the envelope of ${sender.idx} is bad: ${error.detail}`, blame);
  }
}
