import { applyAggregate, auxSums, stageKind } from '@sumveil/learning';
import { meanUpdate } from '@sumveil/secagg';
import { type LocalMetrics, localMetrics, loneBaseline } from '@sumveil/trainers';
import { digestOf, memberByTenant, type Task } from '@sumveil/wire';
import { pause } from '../pause.ts';
import type { Site } from '../site.ts';
import type { Attempt } from './attempt.ts';
import { type Learning, learningOf } from './learning-of.ts';
import { fetchAggregate, fetchReleased, type Released, refused } from './released.ts';
import { writeResults } from './write-results.ts';

/**
 * R5: checks the released sum, computes the next model from it by itself and moves the chain of manifests and models, then
 * scores the model on the tenant's own rows. What comes out stays at the tenant; the next round must train that model.
 */
export async function result(site: Site, task: Task, attempt: Attempt | undefined): Promise<void> {
  const { state, board, logger } = site;
  const { runId, round, planHash } = task;
  if (state.attempts.job(runId).finishedRound >= round) return;
  const released = await fetchReleased(site, task, attempt);
  const sum = await fetchAggregate(site, planHash, released);
  await inOrder(site, released);
  const { plan, manifest, manifestHash } = released;
  // An attempt in memory has passed the gate, which checked its plan file and model.
  const learning = attempt ?? (await learningOf(site, plan));
  const next = applyAggregate({
    task: learning.task,
    stage: learning.stage,
    model: learning.model,
    meanUpdate: meanUpdate(plan, sum, manifest.survivors.length),
    aux: auxSums(learning.stage.aux, sum.aux),
  });
  const { planDigest } = learning;
  if (attempt) attempt.next = next;
  const moved = { round, previous: plan.prevManifest, manifest: manifestHash, planDigest, model: digestOf(next) };
  if (!state.transaction(() => state.attempts.finish(runId, moved)))
    throw refused('its predecessor is not the last manifest this connector holds');
  board.setRun({ runId, round, attempt: task.attempt, phase: 'released' });
  logger.with({ run: runId, round }).event('round.released', { survivors: manifest.survivors.length });
  const roster = site.rosters.byHash(plan.rosterHash)!;
  const row = {
    round,
    stage: learning.stage.name,
    modelDigest: moved.model,
    survivors: manifest.survivors.length,
    took: manifest.survivors.includes(memberByTenant(roster, site.member.tenantRef)!.idx),
  };
  // A site that refused stays warned, however well the others did without it.
  if (row.took) board.clear(`GATE ${runId}`);
  const federated = await score(site, learning, next);
  state.results.addRound(runId, planDigest, { ...row, federated });
  writeResults(site);
}

/** Results of two rounds may be asked for at once; the earlier one is finished first. */
async function inOrder({ state, now, stopping, timings }: Site, { plan }: Released): Promise<void> {
  const until = now() + timings.order;
  while (state.attempts.job(plan.jobId).lastManifest !== plan.prevManifest && now() < until && !stopping.aborted)
    await pause(50, stopping);
}

/** Own figures, once a model can be scored: the federated one each round, the lone one once. */
async function score(site: Site, learning: Learning, model: Uint8Array): Promise<LocalMetrics | null> {
  if (stageKind(learning.stage) === 'statistics') return null;
  const dataset = await site.data.load(learning.task);
  return 'fault' in dataset ? null : localMetrics({ task: learning.task, model, dataset });
}

/** The tenant's own model, trained beside the rounds so that it delays none. */
export async function trainLone(site: Site, attempt: Attempt): Promise<void> {
  const { state, stopping, board } = site;
  const { runId, task, stages, dataset } = attempt;
  if (state.results.lone(runId)) return;
  try {
    state.results.setLone(runId, await loneBaseline({ task, stages, dataset, signal: stopping }));
    writeResults(site);
  } catch {
    if (!stopping.aborted)
      board.warn(`LONE ${runId}`, `Run ${runId}: no model could be trained on this site’s rows alone.`);
  }
}
