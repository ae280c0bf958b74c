import { applyAggregate, auxSums, normOf, roundMetrics, type Stage, stageKind } from '@sumveil/learning';
import { decodeAggregate, eachChunk, meanUpdate } from '@sumveil/secagg';
import { canonicalBytes, digestOf, sha256, writtenDigest } from '@sumveil/wire';
import { databaseNow, type Tx } from '../../../db/client.ts';
import { notify } from '../../../db/notify.ts';
import { loadPlan, roundsOf, stageOfRound } from '../../../plan/approved-plan.ts';
import type { RoundDeps, Step } from '../advance.ts';
import { attemptLeaf } from '../attempt-leaf.ts';
import { recordFacts } from '../guards.ts';
import { flatMetrics } from '../metrics.ts';
import { endRun } from '../run-state.ts';
import { type LoadedAttempt, loadAttempt, phaseList, refsOf } from '../store.ts';
import { assignTasks } from '../tasks.ts';
import { awaitSigner } from './await-evidence.ts';
import { failAttempt } from './fail.ts';
import { inPhase } from './transition.ts';

/** `releasing` → `released`: the signed manifest stands; apply the sum to the model and publish one new version of it. */
export const release: Step = async (deps, lease, attemptId) => {
  const answer = await awaitSigner(deps, attemptId, 'manifest', attemptId);
  if (!answer) return false;
  const attempt = await loadAttempt(deps.db.prisma, attemptId);
  const result = 'error' in answer ? undefined : await computeResult(deps, attempt);
  return inPhase(deps, lease, attemptId, 'releasing', async (tx, locked) => {
    if ('error' in answer || !result)
      return failAttempt(deps, tx, locked, `SIGNER_${'error' in answer ? answer.error : ''}`);
    await publish(deps, tx, locked, answer.result, result);
    return true;
  });
};

interface Result {
  readonly stage: Stage;
  readonly modelDigest: string;
  readonly modelSize: number;
  readonly metrics: Record<string, number | null>;
  /** L2 norm of the mean update; null where the stage has none. */
  readonly norm: number | null;
  readonly survivors: number[];
  readonly rounds: number;
}

/** Reads the published sum back from the store and takes the optimiser step; equal bytes whoever computes it. */
async function computeResult(deps: RoundDeps, { row, plan }: LoadedAttempt): Promise<Result> {
  const run = await deps.db.prisma.run.findUniqueOrThrow({ where: { id: row.runId } });
  const approved = await loadPlan(deps.db.prisma, run.planDigest);
  const stage = stageOfRound(approved, row.round)!;
  const u3 = (await phaseList(deps.db.prisma, row.id, 'u3'))!.members;
  const rows = await deps.db.prisma.sumChunk.findMany({ where: { attemptId: row.id } });
  const digests = new Map(rows.map((sum) => [`${sum.segment}/${sum.chunk}`, sum.digest!]));
  const chunks: [Uint8Array[], Uint8Array[]] = [[], []];
  for (const { segment, chunk } of eachChunk(plan))
    chunks[segment as 0 | 1].push(await deps.artifacts.get(digests.get(`${segment}/${chunk}`)!));
  const decoded = decodeAggregate(plan, chunks[0], chunks[1]);
  const aux = auxSums(stage.aux, decoded.aux);
  const input = { task: approved.task, stage, model: await deps.artifacts.get(row.modelDigest), aux };
  const mean = meanUpdate(plan, decoded, u3.length);
  const next = applyAggregate({ ...input, meanUpdate: mean });
  const { digest, size } = await deps.artifacts.put(next, { maxBytes: next.byteLength });
  const metrics = stageKind(stage) === 'statistics' ? {} : flatMetrics(roundMetrics(approved.task, aux));
  const norm = stageKind(stage) === 'train' ? normOf(mean) : null;
  return { stage, modelDigest: digest, modelSize: size, metrics, norm, survivors: u3, rounds: roundsOf(approved) };
}

async function publish(
  deps: RoundDeps,
  tx: Tx,
  { row, plan }: LoadedAttempt,
  signature: Uint8Array,
  result: Result,
): Promise<void> {
  const { modelDigest, survivors } = result;
  const now = await databaseNow(tx);
  await tx.attempt.update({
    where: { id: row.id },
    data: { phase: 'released', manifestSig: Uint8Array.from(signature), endedAt: now },
  });
  await tx.artifact.createMany({
    data: [{ digest: modelDigest, size: BigInt(result.modelSize), mediaType: 'application/safetensors' }],
    skipDuplicates: true,
  });
  const run = await tx.run.update({
    where: { id: row.runId },
    data: { round: row.round, modelDigest, prevManifest: Uint8Array.from(sha256(row.manifestBody!)) },
  });
  const scored = await publishVersion(deps, tx, row, result);
  await publishEvaluation(deps, tx, row, scored, result);
  const facts = { runId: row.runId, round: row.round, plan, accepted: survivors.length };
  await recordFacts(tx, { ...facts, loss: result.metrics['train.loss'] ?? null, norm: result.norm });
  const dropped = await refsOf(
    tx,
    plan.cohort.filter((idx) => !survivors.includes(idx)),
  );
  await deps.log.appendLeaf(tx, {
    type: 'round.closed',
    ...attemptLeaf(row),
    survivors: survivors.length,
    dropped,
    phase: 'unmask',
  });
  await tx.attemptSecret.deleteMany({ where: { attemptId: row.id } });
  await assignTasks(tx, row.id, 'result', plan.cohort, now);
  if (row.round >= result.rounds) await endRun(deps, tx, run, { state: 'completed' });
  await notify(tx, 'sumveil_run', row.runId);
  deps.logger.event('round.released', {
    run: row.runId,
    round: row.round,
    attempt: row.attempt,
    survivors: survivors.length,
    digest: modelDigest,
  });
}

/**
 * One version a round (invariant I3); an evaluation stage changes no model and makes none. Returns the version of the
 * model that the round started from, which its metrics are of; 0 is the base model.
 */
async function publishVersion(deps: RoundDeps, tx: Tx, row: LoadedAttempt['row'], result: Result): Promise<number> {
  const { modelName: model } = await tx.run.findUniqueOrThrow({ where: { id: row.runId } });
  const last = await tx.modelVersion.findFirst({ where: { model }, orderBy: { version: 'desc' } });
  if (stageKind(result.stage) === 'evaluate') return last?.version ?? 0;
  const version = (last?.version ?? 0) + 1;
  const digests = { digest: result.modelDigest, parentDigest: row.modelDigest };
  await tx.modelVersion.create({
    data: { model, version, ...digests, runId: row.runId, round: row.round, aggRoot: row.aggRoot! },
  });
  await deps.log.appendLeaf(tx, {
    type: 'model.version_created',
    ...attemptLeaf(row),
    model,
    version,
    ...digests,
    aggRoot: writtenDigest(row.aggRoot!),
  });
  return version - 1;
}

async function publishEvaluation(
  deps: RoundDeps,
  tx: Tx,
  row: LoadedAttempt['row'],
  version: number,
  result: Result,
): Promise<void> {
  if (Object.keys(result.metrics).length === 0) return;
  const { runId, round, modelDigest } = row;
  const withheld = await isSubtractable(tx, runId, result.survivors);
  const metrics = withheld ? {} : result.metrics;
  const survivors = result.survivors.length;
  // Names its round: a second run on the same rows comes to the same numbers, and its leaf is another one all the same.
  const digest = digestOf(canonicalBytes({ runId, round, modelDigest, metrics, survivors }));
  await tx.evaluation.create({ data: { runId, round, modelDigest, survivors, metrics, withheld, digest } });
  const evaluated = { ...attemptLeaf(row), version, evaluationDigest: digest, gates: [] };
  await deps.log.appendLeaf(tx, { type: 'model.evaluated', ...evaluated });
}

/**
 * Metrics of a run are shown for one set of survivors, that of its first scored round. Those of another set stay away
 * from every view, report and bundle: counts of two sums side by side give those of the tenants between them.
 */
async function isSubtractable(tx: Tx, runId: string, survivors: readonly number[]): Promise<boolean> {
  const first = await tx.evaluation.findFirst({ where: { runId }, orderBy: { round: 'asc' } });
  if (!first) return false;
  const attempt = await tx.attempt.findFirstOrThrow({ where: { runId, round: first.round, phase: 'released' } });
  const shown = (await phaseList(tx, attempt.id, 'u3'))!.members;
  return shown.join() !== survivors.join();
}
