import type { TrainResult } from '@sumveil/trainers';
import type { Site } from '../site.ts';
import type { Attempt } from './attempt.ts';

/** Starts this round's one training; a second call changes nothing. It ends with the attempt or at the policy's limit. */
export function startTraining(site: Site, attempt: Attempt): void {
  if (attempt.training || attempt.ended.signal.aborted) return;
  attempt.training = train(site, attempt);
  // Whoever masks awaits it; until then a failure is nobody's unhandled rejection.
  attempt.training.catch(() => {});
}

export async function trained(site: Site, attempt: Attempt): Promise<TrainResult> {
  startTraining(site, attempt);
  return await attempt.training!;
}

async function train({ trainer, policy, logger, now }: Site, attempt: Attempt): Promise<TrainResult> {
  const { task, stage, round, model, dataset, ended, runId } = attempt;
  const started = now();
  const limit = AbortSignal.timeout(policy().policy.maxTrainSeconds * 1_000);
  const signal = AbortSignal.any([ended.signal, limit]);
  const result = await trainer.train({ task, stage, round, model, dataset, signal });
  logger.with({ run: runId, round }).event('connector.trained', { durationMs: now() - started });
  return result;
}
