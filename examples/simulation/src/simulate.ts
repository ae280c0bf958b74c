import {
  applyAggregate,
  auxSums,
  initialModel,
  type Metrics,
  roundMetrics,
  type Stage,
  stageKind,
  type TrainTask,
} from '@sumveil/learning';
import { builtinTrainer, type Dataset } from '@sumveil/trainers';
import { type Aggregation, type PlainSum, plainSum } from './plain-sum.ts';

export interface Simulation {
  readonly task: TrainTask;
  readonly stages: readonly Stage[];
  readonly aggregation: Aggregation;
  /** One per tenant of the cohort. */
  readonly datasets: readonly Dataset[];
  /** Whether a tenant (its place in `datasets`) survives a round; all do if left out. */
  readonly survives?: (tenant: number, round: number) => boolean;
  /** Called with the artifact after each round, round counted from 1. */
  readonly onRound?: (round: number, model: Uint8Array) => void;
}

export interface SimulationResult {
  readonly model: Uint8Array;
  /** Of each round but statistics: metrics of the model that came into it. */
  readonly metrics: readonly { readonly round: number; readonly metrics: Metrics }[];
}

/** All rounds of a plan in one process: the trainer, quantisation and server step of the product. */
export async function simulate(simulation: Simulation): Promise<SimulationResult> {
  const { task, stages, onRound } = simulation;
  let model = initialModel(task);
  let round = 0;
  const metrics: { round: number; metrics: Metrics }[] = [];
  for (const stage of stages.flatMap((value) => new Array<Stage>(value.rounds).fill(value))) {
    round++;
    const { meanUpdate, aux } = await sumOf(simulation, stage, round, model);
    const sums = auxSums(stage.aux, aux);
    if (stageKind(stage) !== 'statistics') metrics.push({ round, metrics: roundMetrics(task, sums) });
    model = applyAggregate({ task, stage, model, meanUpdate, aux: sums });
    onRound?.(round, model);
  }
  return { model, metrics };
}

async function sumOf(simulation: Simulation, stage: Stage, round: number, model: Uint8Array): Promise<PlainSum> {
  const { task, aggregation, datasets, survives } = simulation;
  const survivors = datasets.filter((_, tenant) => survives?.(tenant, round) ?? true);
  const results = survivors.map((dataset) => builtinTrainer.train({ task, stage, round, model, dataset }));
  return plainSum(stage, aggregation, await Promise.all(results), datasets.length);
}
