import { parseTask, type Stage, type TrainTask } from '@sumveil/learning';
import { readPlanFile } from '@sumveil/secagg';
import { type PlanManifest, planManifest } from '@sumveil/wire';
import type { Tx } from '../db/client.ts';

/** A submitted plan file: the exact bytes people approve, and what they say. */
export interface ApprovedPlan {
  readonly digest: string;
  readonly bytes: Buffer;
  readonly requesterRef: string;
  readonly manifest: PlanManifest;
  readonly task: TrainTask;
}

/** Bytes were validated when they were submitted; parsing again is cheaper than trusting a copy of the meaning. */
export async function loadPlan(tx: Tx, digest: string): Promise<ApprovedPlan> {
  const row = await tx.plan.findUniqueOrThrow({ where: { digest } });
  const bytes = Buffer.from(row.bytes);
  const manifest = planManifest.parse(readPlanFile(bytes));
  return { digest, bytes, requesterRef: row.requesterRef, manifest, task: parseTask(manifest.task) };
}

/** Stage of a round, counted from 1 (secure-aggregation section 4); undefined behind the last stage. */
export function stageOfRound(plan: ApprovedPlan, round: number): Stage | undefined {
  let first = 1;
  for (const stage of plan.manifest.stages) {
    if (round < first + stage.rounds) return stage as Stage;
    first += stage.rounds;
  }
  return undefined;
}

export function roundsOf(plan: ApprovedPlan): number {
  return plan.manifest.stages.reduce((sum, stage) => sum + stage.rounds, 0);
}

/** Cap of the run in micro-units; 0 without differential privacy. */
export function epsilonCapMicro(plan: ApprovedPlan): number {
  return Math.round((plan.manifest.privacy.epsilonTotal ?? 0) * 1e6);
}
