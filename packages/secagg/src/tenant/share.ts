import { type Signed, toBase64url } from '@sumveil/wire';
import { checkDirectoryKeys } from '../messages/directory.ts';
import { type M0, m0Schema } from '../messages/messages.ts';
import { type Accepted, signMessage } from '../messages/open.ts';
import { positionOf } from '../plan/body.ts';
import { dealShares, drawCoefficients } from '../sharing/shamir.ts';
import { shareLeaf } from '../tree/leaves.ts';
import { treeRoot } from '../tree/tree.ts';
import { sealEnvelope } from './envelope.ts';
import { checkList } from './lists.ts';
import type { HeldShares } from './secrets.ts';
import { type Advertised, beginStep, type Shared } from './state.ts';

export interface ShareInput {
  /** `list` of phase u1 */
  readonly list: Signed;
  /** M0 of every member, ascending idx */
  readonly m0s: readonly Signed[];
}

/**
 * R1: checks the directory and deals shares of `a` and `b` to all of U1. Returns M1 and one envelope for each other member,
 * ascending; the state keeps both for sending again.
 *
 * Randomness: coefficients of `a`, then of `b` (t-1 times 64 bytes each), then 12 bytes for each envelope, ascending.
 *
 * @throws SecaggError `REFUSED`, `FORMAT` or `PHASE`
 */
export function share(
  state: Advertised,
  { list, m0s }: ShareInput,
): { state: Shared; m1: Signed; envelopes: readonly Uint8Array[] } {
  beginStep(state, 'share');
  const { plan, idx, m0 } = state;
  const checked = checkList<M0>(state, {
    phase: 'u1',
    type: 'm0',
    schema: m0Schema[plan.suite],
    list,
    messages: m0s,
    within: plan.cohort,
    own: m0,
  });
  checkDirectoryKeys(checked.messages.map((message) => message.body));
  const directory = new Map<number, Accepted<M0>>(checked.messages.map((message) => [message.idx, message]));
  const { members: u1, hash: dirHash } = checked;
  const dealt = deal(state, u1);
  state.secrets.held.set(idx, dealt.get(idx)!);
  const recipients = u1.filter((member) => member !== idx);
  const envelopes = recipients.map((to) =>
    sealEnvelope(state, { to, dirHash, recipient: directory.get(to)!.body, shares: dealt.get(to)! }),
  );
  const m1 = signMessage(
    {
      type: 'm1',
      v: 1,
      planHash: toBase64url(plan.planHash),
      idx,
      dirHash: toBase64url(dirHash),
      shareRoot: toBase64url(treeRoot(recipients.map((to, i) => shareLeaf(to, envelopes[i]!)))),
    },
    state.rosterKey,
  );
  return { state: { ...state, step: 'shared', directory, u1, dirHash, m1, envelopes }, m1, envelopes };
}

function deal({ plan, secrets, random }: Advertised, u1: readonly number[]): Map<number, HeldShares> {
  const aCoefficients = drawCoefficients(plan.threshold, random);
  const bCoefficients = drawCoefficients(plan.threshold, random);
  const positions = u1.map((member) => positionOf(plan, member));
  const a = dealShares(secrets.a, aCoefficients, positions);
  const b = dealShares(secrets.b, bCoefficients, positions);
  return new Map(u1.map((member, i) => [member, { a: a[i]!, b: b[i]! }]));
}
