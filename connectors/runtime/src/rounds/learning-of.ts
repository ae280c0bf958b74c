import { parseTask, type Stage, type TrainTask } from '@sumveil/learning';
import { type RoundPlan, readPlanFile } from '@sumveil/secagg';
import { digestOf, fromBase64url, planManifest } from '@sumveil/wire';
import { digestText } from '../gate/grant.ts';
import { stageOf } from '../gate/material.ts';
import type { Site } from '../site.ts';
import { refused } from './released.ts';

/** What the next model is computed from, beside the sum. */
export interface Learning {
  readonly task: TrainTask;
  readonly stage: Stage;
  readonly model: Uint8Array;
  /** `sha256:<hex>` */
  readonly planDigest: string;
}

/**
 * What an attempt in memory would have held, read again for a round that this process did not join. The model must be the
 * one this connector computed from the round before, in a run's first round the base model: a missed round is no way around
 * the gate's own comparison.
 *
 * @throws ConnectorError `RESULT_REFUSED`
 */
export async function learningOf(
  { client, state }: Pick<Site, 'client' | 'state'>,
  plan: RoundPlan,
): Promise<Learning> {
  const digest = digestText(fromBase64url(plan.modelHash, 32));
  const [planFile, model] = await Promise.all([
    client.call('runPlan', { params: { runId: plan.jobId } }),
    client.call('artifact', { params: { digest } }),
  ]);
  const planDigest = digestOf(planFile);
  if (planDigest !== digestText(fromBase64url(plan.planDigest, 32)))
    throw refused('the plan file is not the one the round plan names');
  const { task, stages, model: base } = planManifest.parse(readPlanFile(planFile));
  const known = state.attempts.job(plan.jobId);
  if (known.planDigest !== null && known.planDigest !== planDigest)
    throw refused('the rounds before had another plan file');
  if (digest !== (known.model ?? base.digest)) throw refused('its model is not the one that the last sum leads to');
  if (digestOf(model) !== digest) throw refused('the model is not the one the round plan names');
  return { task: parseTask(task), stage: stageOf(stages, plan.round), model, planDigest };
}
