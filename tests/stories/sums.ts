import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tenant, World } from '@sumveil/constellation';
import { parseTask, type Stage } from '@sumveil/learning';
import {
  decodeAggregate,
  eachChunk,
  encodeAux,
  parsePlan,
  quantiseNearest,
  type RoundPlan,
  readPlanFile,
  weightOf,
} from '@sumveil/secagg';
import { builtinTrainer, csvDataset, type TrainResult } from '@sumveil/trainers';
import type { Rows } from './rows.ts';

export interface Sum {
  readonly model: number[];
  readonly aux: Record<string, bigint[]>;
}

export interface RoundRow {
  readonly id: string;
  readonly plan: RoundPlan;
  readonly model: Uint8Array;
  readonly stage: Stage;
  readonly planFile: Record<string, unknown>;
  /** u3 */
  readonly survivors: readonly number[];
}

export async function readRound(world: World, rows: Rows, runId: string, round: number): Promise<RoundRow> {
  const row = await rows.one<{ id: string; plan_body: Buffer; model_digest: string; bytes: Buffer; members: number[] }>(
    `SELECT a.id, a.plan_body, a.model_digest, p.bytes, l.members FROM attempt a
       JOIN run r ON r.id = a.run_id JOIN plan p ON p.digest = r.plan_digest
       JOIN phase_list l ON l.attempt_id = a.id AND l.phase = 'u3'
      WHERE a.run_id = $1 AND a.round = $2 AND a.phase = 'released'`,
    [runId, round],
  );
  const planFile = readPlanFile(row.bytes) as { stages: Stage[] };
  const stages = planFile.stages.flatMap((stage) => new Array<Stage>(stage.rounds).fill(stage));
  return {
    id: row.id,
    plan: parsePlan(row.plan_body),
    model: artifact(world, row.model_digest),
    stage: stages[round - 1]!,
    planFile: planFile as never,
    survivors: row.members,
  };
}

/** The sum that the coordinator published for a round. */
export async function publishedSum(world: World, rows: Rows, { id, plan }: RoundRow): Promise<Sum> {
  const found = await rows.all<{ segment: number; chunk: number; digest: string }>(
    'SELECT segment, chunk, digest FROM sum_chunk WHERE attempt_id = $1',
    [id],
  );
  const digests = new Map(found.map(({ segment, chunk, digest }) => [`${segment}/${chunk}`, digest]));
  const chunks: [Uint8Array[], Uint8Array[]] = [[], []];
  for (const { segment, chunk } of eachChunk(plan))
    chunks[segment as 0 | 1].push(artifact(world, digests.get(`${segment}/${chunk}`)!));
  const { sum, aux } = decodeAggregate(plan, chunks[0], chunks[1]);
  return { model: [...sum], aux: Object.fromEntries(aux) };
}

/** What one tenant's connector masked, made again from the same table and model. */
export interface Plain {
  readonly result: TrainResult;
  readonly model: Int32Array;
  readonly aux: BigInt64Array;
}

export async function plainUpdate({ plan, model, stage, planFile }: RoundRow, tenant: Tenant): Promise<Plain> {
  const task = parseTask(planFile.task);
  const dataset = await csvDataset(tenant.csv, task);
  const result = await builtinTrainer.train({ task, stage, round: plan.round, model, dataset });
  const item = stage.aux.find((aux) => aux.kind === 'weight');
  if (!item) return { result, model: quantiseNearest(plan, result.update), aux: encodeAux(plan, result.aux) };
  const max = Number(plan.aux.find(({ name }) => name === item.name)!.max);
  const weight = weightOf(result.weightRows, max, item.classes);
  const values = { ...result.aux, [item.name]: [weight] };
  return { result, model: quantiseNearest(plan, result.update, weight), aux: encodeAux(plan, values) };
}

/** Sum of integers without a mask: what the published one must equal, bit for bit. */
export async function plainSum(round: RoundRow, tenants: readonly Tenant[]): Promise<Sum> {
  const model = new Array<number>(round.plan.dim).fill(0);
  const flat = new Array<bigint>(round.plan.auxLen).fill(0n);
  for (const tenant of tenants) {
    const plain = await plainUpdate(round, tenant);
    plain.model.forEach((value, i) => {
      model[i] = model[i]! + value;
    });
    plain.aux.forEach((value, i) => {
      flat[i] = flat[i]! + value;
    });
  }
  const aux: Record<string, bigint[]> = {};
  let at = 0;
  for (const { name, len } of round.plan.aux) {
    aux[name] = flat.slice(at, at + len);
    at += len;
  }
  return { model, aux };
}

export function artifact(world: World, digest: string): Buffer {
  const hex = digest.slice('sha256:'.length);
  return readFileSync(join(world.folders.artifacts, hex.slice(0, 2), hex.slice(2)));
}
