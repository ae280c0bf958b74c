import { judgeGuards, type Trip, thresholdsOf } from '@sumveil/learning';
import type { RoundPlan } from '@sumveil/secagg';
import type { Tx } from '../../db/client.ts';
import type { Run } from '../../generated/prisma/client.ts';
import type { ApprovedPlan } from '../../plan/approved-plan.ts';

interface RoundEnd {
  readonly runId: string;
  readonly round: number;
  readonly plan: Pick<RoundPlan, 'cohort'>;
  readonly accepted: number;
  readonly loss?: number | null;
  readonly norm?: number | null;
}

/**
 * Writes what the guards will judge about a round that is over, in the transaction that ends it. The table is the worker's
 * alone: the loss of a round may be withheld from everybody else (governance section 8).
 */
export async function recordFacts(tx: Tx, { plan, loss = null, norm = null, ...end }: RoundEnd): Promise<void> {
  await tx.guardFact.create({ data: { ...end, cohort: plan.cohort.length, loss, norm } });
}

/** The guard that keeps the run's next round from opening, if one does (learning.md section 13). */
export async function trippedGuard(
  tx: Tx,
  run: Pick<Run, 'id' | 'acknowledged'>,
  { manifest }: ApprovedPlan,
): Promise<Trip | undefined> {
  const rounds = await tx.guardFact.findMany({ where: { runId: run.id }, orderBy: { round: 'asc' } });
  const thresholds = thresholdsOf(manifest.guards);
  return judgeGuards(thresholds, { rounds, acknowledged: run.acknowledged, resolution: resolutionOf(manifest) });
}

/** Each tenant rounds each coordinate by at most half a step: a mean update below this is rounding. */
function resolutionOf({ stages, aggregation }: ApprovedPlan['manifest']): number {
  const length = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);
  const sizes = stages.map(({ tensors }) => tensors.reduce((sum, tensor) => sum + length(tensor.shape), 0));
  return Math.sqrt(Math.max(...sizes)) * 2 ** -(aggregation.scaleLog2 ?? 16);
}
