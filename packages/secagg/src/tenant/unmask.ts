import { type Signed, toBase64url } from '@sumveil/wire';
import { refuseUnless } from '../error.ts';
import { decodeField } from '../messages/fields.ts';
import { type M3, m3Schema } from '../messages/messages.ts';
import { openTenantMessage, signMessage } from '../messages/open.ts';
import { beginStep, type Consistent, eraseSecrets, type Unmasked } from './state.ts';

export interface UnmaskInput {
  /** M3 of at least T members of U3, all for the same U3 */
  readonly m3s: readonly Signed[];
}

/**
 * R4: the one answer of this attempt. A b-share for every survivor, an a-share for every tenant of U2 that dropped out,
 * never both for one tenant: together they would open that tenant's own update. Everything secret is erased afterwards; the
 * state keeps M4 for sending again. The caller stores `m4Sent` by compare-and-set before it sends.
 *
 * @throws SecaggError `REFUSED`, `FORMAT` or `PHASE`
 */
export function unmask(state: Consistent, { m3s }: UnmaskInput): { state: Unmasked; m4: Signed } {
  beginStep(state, 'unmask');
  checkQuorum(state, m3s);
  const { plan, idx, u2, u3, u3Hash, secrets } = state;
  const dropped = u2.filter((member) => !u3.includes(member));
  const m4 = signMessage(
    {
      type: 'm4',
      v: 1,
      planHash: toBase64url(plan.planHash),
      idx,
      u3Hash: toBase64url(u3Hash),
      b: u3.map((member) => ({ idx: member, share: toBase64url(secrets.held.get(member)!.b) })),
      a: dropped.map((member) => ({ idx: member, share: toBase64url(secrets.held.get(member)!.a) })),
    },
    state.rosterKey,
  );
  secrets.done.add('answered');
  eraseSecrets(state);
  return { state: { ...state, step: 'unmasked', m4 }, m4 };
}

function checkQuorum(state: Consistent, m3s: readonly Signed[]): void {
  const { plan, u3, u3Hash } = state;
  refuseUnless(m3s.length <= u3.length, 'more M3 than survivors');
  const signers = new Set<number>();
  for (const signed of m3s) {
    const { idx, body } = openTenantMessage<M3>('m3', m3Schema, state, signed);
    refuseUnless(u3.includes(idx), `an M3 comes from ${idx}, who is not in U3`);
    refuseUnless(decodeField(body.u3Hash).equals(u3Hash), `${idx} signed another U3`);
    signers.add(idx);
  }
  refuseUnless(signers.size >= plan.threshold, `${signers.size} of ${plan.threshold} M3 are there`);
}
