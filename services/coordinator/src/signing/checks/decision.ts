import { decisionInput, gateRequest, parseDecisionInput } from '@sumveil/policy';
import { digestOf } from '@sumveil/wire';
import { type Cohort, gateFacts } from '../../features/decisions/facts.ts';
import type { ApprovedPlan } from '../../plan/approved-plan.ts';
import type { CheckContext } from '../check.ts';
import { sequencedLeaf } from '../evidence.ts';

/** A decision's time may be that far ahead of this look at the clock. */
const AHEAD_MS = 1_000;

export interface GateQuestion {
  readonly decisionId: string;
  readonly action: 'startRun' | 'startRound' | 'releaseAggregate';
  readonly runId: string;
  readonly plan: ApprovedPlan;
  /** As this signer judged it, now. */
  readonly cohort: Cohort;
  /** Charged to the run since the decision. */
  readonly chargedMicro?: number;
}

/**
 * The recorded decision is logged, its facts are counted again here and must come out the same to the byte (all but its
 * time), and the engine must say "allow" again. So no fact can be invented by whoever may insert decisions.
 */
export async function decisionHolds(context: CheckContext, question: GateQuestion): Promise<boolean> {
  const { tx, policy, now } = context;
  const { decisionId, action, plan, runId, cohort } = question;
  const row = await tx.policyDecision.findUnique({ where: { id: decisionId } });
  if (row?.action !== action || row.runId !== runId || row.planDigest !== plan.digest) return false;
  const leaf = await sequencedLeaf(context, 'policy.decided', { decisionId });
  const logged =
    leaf?.action === action &&
    leaf.effect === 'allow' &&
    leaf.bundle === policy.digest &&
    leaf.inputDigest === digestOf(row.input);
  if (!logged) return false;
  const request = parseDecisionInput(row.input);
  const decidedAt = request.context.now;
  if (typeof decidedAt !== 'number' || decidedAt > now.getTime() + AHEAD_MS) return false;
  const counted = await gateFacts(tx, { plan, runId, cohort, policyBundle: policy.digest });
  const epsSpentMicro = counted.epsSpentMicro - (question.chargedMicro ?? 0);
  const again = decisionInput(gateRequest(action, { ...counted, epsSpentMicro, now: decidedAt }));
  return again.bytes.equals(row.input) && policy.decide(request).effect === 'allow';
}
