import { checkShares, mask } from '@sumveil/secagg';
import { encodeSigned, type Task } from '@sumveil/wire';
import { ConnectorError } from '../error.ts';
import { sendRefusal } from '../gate/refusal.ts';
import type { GateFault } from '../gate/verdict.ts';
import type { Site } from '../site.ts';
import { type Attempt, endAttempt } from './attempt.ts';
import { fetchList } from './fetch-list.ts';
import { judgeRaw, LEDGER } from './judge-task.ts';
import { isPast, showPhase } from './phases.ts';
import { type Quantised, quantise } from './quantise.ts';
import { recordEgress, sendMessage, untilAnswered } from './send.ts';
import { trained } from './train.ts';

/**
 * R2: checks shares, judges again, masks and uploads. m2Sent and the privacy charge are one transaction, committed before
 * the first masked byte leaves.
 */
export async function masked(site: Site, attempt: Attempt, task: Task): Promise<void> {
  if (isPast(attempt, 'shared')) return;
  showPhase(site, attempt, 'masked');
  const { planHash, ended, roster, admittedAtSize: minSize } = attempt;
  const [{ list, messages }, delivered] = await Promise.all([
    fetchList(site, attempt, 'shares'),
    untilAnswered(site, attempt, () => site.client.call('envelopes', { params: { planHash }, signal: ended.signal })),
  ]);
  if (attempt.state.step !== 'shared') return;
  attempt.state = checkShares(attempt.state, { list, m1s: messages, delivered });
  const result = await trained(site, attempt);
  const { verdict } = await judgeRaw(site, attempt.raw, planHash, { roster, minSize });
  const fault = verdict.ok ? await upload(site, attempt, quantise(attempt.plan, attempt.stage, result)) : verdict.fault;
  if (!fault) return;
  endAttempt(attempt);
  await sendRefusal(site, task, attempt.grantDigest, fault);
}

/** @returns the fault when an own approver withdrew between two chunks: an update without M2 is in no sum */
async function upload(site: Site, attempt: Attempt, integers: Quantised): Promise<GateFault | undefined> {
  if (attempt.state.step !== 'sharesChecked') return undefined;
  const masking = mask(attempt.state, integers);
  spend(site, attempt);
  const started = site.now();
  let size = 0;
  for (const { segment, chunk, bytes } of masking.chunks) {
    if (isWithdrawn(site, attempt)) return WITHDRAWN;
    recordEgress(site, attempt, 'chunk', bytes);
    const params = { planHash: attempt.planHash, segment, chunk };
    await untilAnswered(site, attempt, () =>
      site.client.call('uploadChunk', { params, body: bytes, signal: attempt.ended.signal }),
    );
    size += bytes.length;
  }
  if (isWithdrawn(site, attempt)) return WITHDRAWN;
  integers.model.fill(0);
  integers.aux.fill(0n);
  const { state, m2 } = masking.finish();
  attempt.state = state;
  const { runId, round, planHash } = attempt;
  const logger = site.logger.with({ run: runId, round });
  logger.event('connector.uploaded', { digest: planHash, bytes: size, durationMs: site.now() - started });
  await sendMessage(site, attempt, 'm2', encodeSigned(m2));
  return undefined;
}

const WITHDRAWN: GateFault = {
  code: 'GATE_APPROVAL_OWN',
  detail: 'an own approver withdrew the plan during the upload',
};

function isWithdrawn({ state }: Site, { planDigest }: Attempt): boolean {
  return state.trust.withdrawals().some((row) => row.planDigest === planDigest);
}

/** @throws ConnectorError `SPENT` when the attempt may not upload any more, or the budget has no room */
function spend({ state, now, policy }: Site, attempt: Attempt): void {
  const { planHash, plan, runId, round, attempt: number } = attempt;
  const cap = policy().policy.maxEpsilonTotalMicro ?? Number.MAX_SAFE_INTEGER;
  state.transaction(() => {
    const charged = state.ledger.charge(
      {
        chargeId: `${planHash}`,
        ledgerRef: LEDGER,
        runId,
        round,
        attempt: number,
        mechanism: plan.dp.mech,
        // Without a mechanism nothing is charged; the row shows that data took part.
        epsilonMicro: 0,
        deltaInv: '1',
        capMicro: cap,
      },
      now(),
    );
    if (!charged || !state.attempts.markM2(planHash))
      throw new ConnectorError('SPENT', 'This attempt may not upload any more.', 'The next round may be joined.');
  });
}
