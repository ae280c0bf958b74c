import { randomUUID } from 'node:crypto';
import { decisionInput, gateRequest } from '@sumveil/policy';
import { databaseNow, type Tx } from '../../db/client.ts';
import type { Deps } from '../../deps.ts';
import type { ApprovedPlan } from '../../plan/approved-plan.ts';
import { type Cohort, gateFacts } from './facts.ts';

export interface RecordedDecision {
  readonly decisionId: string;
  readonly action: 'startRun' | 'startRound' | 'releaseAggregate';
  readonly effect: 'allow' | 'deny';
  readonly cause: string;
  readonly reasons: string[];
}

/**
 * Asks the policy engine and records request, answer and leaf in the caller's transaction, which must hold the run's lock.
 * Without differential privacy a release costs nothing, so `epsNextMicro` is 0.
 */
export async function decide(
  deps: Pick<Deps, 'policy' | 'log'>,
  tx: Tx,
  o: { action: RecordedDecision['action']; plan: ApprovedPlan; runId: string; runExists: boolean; cohort: Cohort },
): Promise<RecordedDecision> {
  const facts = await gateFacts(tx, {
    plan: o.plan,
    runId: o.runId,
    cohort: o.cohort,
    policyBundle: deps.policy.digest,
  });
  const request = gateRequest(o.action, facts);
  const input = decisionInput(request);
  const answer = deps.policy.decide(request);
  const decision: RecordedDecision = { decisionId: randomUUID(), action: o.action, ...answer };
  const at = await databaseNow(tx);
  await tx.policyDecision.create({
    data: {
      id: decision.decisionId,
      // A start that is allowed makes the run in this very transaction.
      runId: o.runExists || decision.effect === 'allow' ? o.runId : null,
      planDigest: o.plan.digest,
      action: o.action,
      effect: decision.effect,
      cause: decision.cause,
      reasons: decision.reasons,
      bundle: deps.policy.digest,
      engine: deps.policy.engine,
      inputDigest: input.digest,
      input: Uint8Array.from(input.bytes),
      at,
    },
  });
  await deps.log.appendLeaf(tx, {
    type: 'policy.decided',
    actor: { kind: 'service', ref: 'coordinator', via: 'policy' },
    ...(o.runExists ? { run: o.runId } : {}),
    decisionId: decision.decisionId,
    action: o.action,
    effect: decision.effect,
    cause: decision.cause,
    reasons: decision.reasons,
    inputDigest: input.digest,
    bundle: deps.policy.digest,
  });
  return decision;
}
