import { applyAggregate, auxSums, parseTask, type Stage, stageKind, type TrainTask } from '@sumveil/learning';
import { meanUpdate, readPlanFile } from '@sumveil/secagg';
import { type LocalMetrics, localMetrics, loneBaseline } from '@sumveil/trainers';
import { digestOf, memberByTenant, planManifest, type Task } from '@sumveil/wire';
import { stageOf } from '../gate/material.ts';
import { pause } from '../pause.ts';
import type { Site } from '../site.ts';
import type { Attempt } from './attempt.ts';
import { fetchAggregate, fetchReleased, type Released, refused } from './released.ts';
import { writeResults } from './write-results.ts';

/**
 * R5: checks the released sum and moves the chain of manifests, then computes the next model from the sum by itself and
 * scores it on the tenant's own rows. What comes out stays at the tenant.
 */
export async function result(site: Site, task: Task, attempt: Attempt | undefined): Promise<void> {
  const { state, board, logger } = site;
  const { runId, round, planHash } = task;
  if (state.attempts.job(runId).finishedRound >= round) return;
  const released = await fetchReleased(site, task, attempt);
  const sum = await fetchAggregate(site, planHash, released);
  await inOrder(site, released);
  const moved = { round, previous: released.plan.prevManifest, manifest: released.manifestHash };
  if (!state.transaction(() => state.attempts.finish(runId, moved)))
    throw refused('its predecessor is not the last manifest this connector holds');
  board.setRun({ runId, round, attempt: task.attempt, phase: 'released' });
  logger.with({ run: runId, round }).event('round.released', { survivors: released.manifest.survivors.length });
  const learning = attempt ?? (await learningOf(site, released));
  const { plan, manifest } = released;
  const next = applyAggregate({
    task: learning.task,
    stage: learning.stage,
    model: learning.model,
    meanUpdate: meanUpdate(plan, sum, manifest.survivors.length),
    aux: auxSums(learning.stage.aux, sum.aux),
  });
  const roster = site.rosters.byHash(plan.rosterHash)!;
  const row = {
    round,
    stage: learning.stage.name,
    modelDigest: digestOf(next),
    survivors: manifest.survivors.length,
    took: manifest.survivors.includes(memberByTenant(roster, site.member.tenantRef)!.idx),
  };
  // A site that refused stays warned, however well the others did without it.
  if (row.took) board.clear(`GATE ${runId}`);
  const federated = await score(site, learning, next);
  state.results.addRound(runId, learning.planDigest, { ...row, federated });
  writeResults(site);
}

const ORDER_MS = 5_000;

/** Results of two rounds may be asked for at once; the earlier one is finished first. */
async function inOrder({ state, now, stopping }: Site, { plan }: Released): Promise<void> {
  const until = now() + ORDER_MS;
  while (state.attempts.job(plan.jobId).lastManifest !== plan.prevManifest && now() < until && !stopping.aborted)
    await pause(50, stopping);
}

interface Learning {
  readonly task: TrainTask;
  readonly stage: Stage;
  readonly stages: readonly Stage[];
  readonly model: Uint8Array;
  readonly planDigest: string;
}

/** What an attempt in memory would have held: read again for a round that this process did not join. */
async function learningOf({ client }: Site, { plan }: Released): Promise<Learning> {
  const digest = `sha256:${Buffer.from(plan.modelHash, 'base64url').toString('hex')}`;
  const [planFile, model] = await Promise.all([
    client.call('runPlan', { params: { runId: plan.jobId } }),
    client.call('artifact', { params: { digest } }),
  ]);
  const planDigest = digestOf(planFile);
  if (planDigest !== `sha256:${Buffer.from(plan.planDigest, 'base64url').toString('hex')}`)
    throw refused('the plan file is not the one the round plan names');
  if (digestOf(model) !== digest) throw refused('the model is not the one the round plan names');
  const { task, stages } = planManifest.parse(readPlanFile(planFile));
  return { task: parseTask(task), stage: stageOf(stages, plan.round), stages, model, planDigest };
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
