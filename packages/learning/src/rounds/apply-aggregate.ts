import { LearningError } from '../error.ts';
import { readModel, writeModel } from '../safetensors.ts';
import { fedAvg } from '../strategies/fed-avg.ts';
import { fedSgd } from '../strategies/fed-sgd.ts';
import type { Strategy } from '../strategies/strategy.ts';
import { MEAN, STD } from '../task/model.ts';
import type { TrainTask } from '../task/schema.ts';
import { type Stage, stageKind } from '../task/stages.ts';
import { flatten, type Model, unflatten } from '../tensor.ts';
import type { AuxSums } from './aux-sums.ts';
import { momentsFromSums } from './standardise.ts';

const strategies: Record<TrainTask['strategy']['name'], Strategy> = { fedavg: fedAvg, fedsgd: fedSgd };

export interface AggregateInput {
  readonly task: TrainTask;
  readonly stage: Stage;
  /** The artifact this round started from; its SHA-256 is the plan's `modelHash`. */
  readonly model: Uint8Array;
  /** Mean update of section 12 in model units; empty without tensors. */
  readonly meanUpdate: Float64Array;
  readonly aux: AuxSums;
}

/**
 * The artifact after a round, a pure function that an auditor can repeat from the released aggregate. Training: the
 * strategy's server step. Statistics: `feature.mean` and `feature.std` from the sums. Evaluation: the same bytes.
 */
export function applyAggregate({ task, stage, model, meanUpdate, aux }: AggregateInput): Uint8Array {
  const kind = stageKind(stage);
  if (kind === 'evaluate') return model;
  const current = readModel(model);
  if (kind === 'statistics') return writeModel(withMoments(task, current, aux));
  const next = strategyOf(task).serverStep(flatten(current, stage.tensors), meanUpdate, {
    learningRate: serverLearningRate(task),
  });
  return writeModel(unflatten(current, stage.tensors, next));
}

export function strategyOf(task: TrainTask): Strategy {
  return strategies[task.strategy.name];
}

/** FedSGD descends with `learningRate` at the server; FedAvg has spent it at the tenants. */
export function serverLearningRate(task: TrainTask): number {
  const { name, serverLearningRate: factor } = task.strategy;
  return name === 'fedsgd' ? factor * task.learningRate : factor;
}

function withMoments(task: TrainTask, model: Model, aux: AuxSums): Model {
  const moments = momentsFromSums(task, aux);
  const tensors = new Map(model.tensors);
  for (const [name, data] of [
    [MEAN, moments.mean],
    [STD, moments.std],
  ] as const) {
    const tensor = tensors.get(name);
    if (tensor?.data.length !== data.length) throw new LearningError('SHAPE', `The model has no tensor ${name}.`);
    tensors.set(name, { ...tensor, data });
  }
  return { tensors, metadata: model.metadata };
}
