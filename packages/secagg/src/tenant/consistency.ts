import { type Signed, toBase64url } from '@sumveil/wire';
import { refuseUnless } from '../error.ts';
import { decodeField } from '../messages/fields.ts';
import { type M2, m2Schema } from '../messages/messages.ts';
import { signMessage } from '../messages/open.ts';
import { checkList } from './lists.ts';
import { beginStep, type Consistent, type Masked } from './state.ts';

export interface ConsistencyInput {
  /** `list` of phase u3 */
  readonly list: Signed;
  /** M2 of every member, ascending idx */
  readonly m2s: readonly Signed[];
}

/**
 * R3: signs the survivor set. The one M3 of this plan: two sets of T signatures would share an honest tenant, and an honest
 * one signs once. The caller stores `m3Sent` before it sends.
 *
 * @throws SecaggError `REFUSED`, `FORMAT` or `PHASE`
 */
export function consistency(state: Masked, { list, m2s }: ConsistencyInput): { state: Consistent; m3: Signed } {
  beginStep(state, 'consistency');
  const { plan, idx, u2, u2Hash, m2 } = state;
  const checked = checkList<M2>(state, {
    phase: 'u3',
    type: 'm2',
    schema: m2Schema,
    list,
    messages: m2s,
    within: u2,
    own: m2,
  });
  for (const { body } of checked.messages) {
    refuseUnless(decodeField(body.u2Hash).equals(u2Hash), `${body.idx} saw another U2`);
  }
  const m3 = signMessage(
    { type: 'm3', v: 1, planHash: toBase64url(plan.planHash), idx, u3Hash: toBase64url(checked.hash) },
    state.rosterKey,
  );
  return { state: { ...state, step: 'consistent', u3: checked.members, u3Hash: checked.hash, m3 }, m3 };
}
