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
import { type Aggregation, plainSum } from './plain-sum.ts';

export interface Simulation {
  readonly task: TrainTask;
  readonly stages: readonly Stage[];
  readonly aggregation: Aggregation;
  /** One per tenant of the cohort. */
  readonly datasets: readonly Dataset[];
  /** Called with the artifact after each round, round counted from 1. */
  readonly onRound?: (round: number, model: Uint8Array) => void;
}

export interface SimulationResult {
  readonly model: Uint8Array;
  /** Of each round but statistics: metrics of the model that came into it. */
  readonly metrics: readonly { readonly round: number; readonly metrics: Metrics }[];
}

/** All rounds of a plan in one process: the trainer, quantisation and server step of the product, every tenant present. */
export async function simulate({
  task,
  stages,
  aggregation,
  datasets,
  onRound,
}: Simulation): Promise<SimulationResult> {
  let model = initialModel(task);
  let round = 0;
  const metrics: { round: number; metrics: Metrics }[] = [];
  for (const stage of stages.flatMap((value) => new Array<Stage>(value.rounds).fill(value))) {
    round++;
    const requests = datasets.map((dataset) => builtinTrainer.train({ task, stage, round, model, dataset }));
    const { meanUpdate, aux } = plainSum(stage, aggregation, await Promise.all(requests), datasets.length);
    const sums = auxSums(stage.aux, aux);
    if (stageKind(stage) !== 'statistics') metrics.push({ round, metrics: roundMetrics(task, sums) });
    model = applyAggregate({ task, stage, model, meanUpdate, aux: sums });
    onRound?.(round, model);
  }
  return { model, metrics };
}
