import type { KeyObject } from 'node:crypto';
import { type Signed, toBase64url } from '@sumveil/wire';
import { SecaggError } from '../error.ts';
import type { AbortReason } from '../messages/messages.ts';
import { signMessage } from '../messages/open.ts';
import type { RoundPlan } from '../plan/plan.ts';
import { eraseSecrets, type TenantState } from './state.ts';

export interface AbortInput {
  readonly plan: RoundPlan;
  readonly idx: number;
  readonly rosterKey: KeyObject;
  readonly reason: AbortReason;
  /** state of the attempt when the process still has one */
  readonly state?: TenantState | undefined;
}

/**
 * States that this tenant has not sent and will never send M4 for the plan. It makes that true for the state in memory; the
 * caller stores `aborted` by the same compare-and-set as `m4Sent` first, so that it stays true after a restart.
 *
 * @throws SecaggError `PHASE` when M4 was made
 */
export function abortMessage({ plan, idx, rosterKey, reason, state }: AbortInput): Signed {
  if (state !== undefined) {
    if (!state.plan.planHash.equals(plan.planHash))
      throw new SecaggError('PHASE', 'The state belongs to another plan.');
    if (state.secrets.done.has('answered')) {
      throw new SecaggError('PHASE', 'M4 of this attempt was made, so it cannot be sworn off.');
    }
    state.secrets.done.add('abort');
    eraseSecrets(state);
  }
  return signMessage({ type: 'abort', v: 1, planHash: toBase64url(plan.planHash), idx, reason }, rosterKey);
}
