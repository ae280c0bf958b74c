import { initialModel, modelKind, type Scores, type Stage, stageKind, type TrainTask } from '@sumveil/learning';
import { openModel, parametersOf } from './builtin.ts';
import type { Dataset } from './dataset.ts';
import { descend } from './descend.ts';
import { type LocalMetrics, metricsOf } from './local-metrics.ts';
import { type Prepared, prepareLocally, scores } from './prepared.ts';

export interface BaselineInput {
  readonly task: TrainTask;
  readonly stages: readonly Stage[];
  readonly dataset: Dataset;
  readonly signal?: AbortSignal;
}

/**
 * What a tenant reaches without the others: the same model, start, learning rate and total number of local steps, on its own train
 * rows, standardised by its own statistics, scored on its own test rows. It stays at the tenant.
 */
export async function loneBaseline(input: BaselineInput): Promise<LocalMetrics> {
  return metricsOf(input.task, input.dataset.train.rows, await loneScores(input));
}

/** The same model's predictions on the test rows. */
export async function loneScores(input: BaselineInput): Promise<Scores> {
  const { task, dataset } = input;
  const prepared: Prepared = task.standardise.mode === 'none' ? dataset : prepareLocally(task, dataset);
  return scores(task, await trainAlone(input, prepared), prepared.test);
}

/** Parameters after all local steps of all training rounds, on one set of rows. */
export async function trainAlone({ task, stages, signal }: BaselineInput, { train }: Prepared): Promise<Float64Array> {
  const rounds = stages.filter((stage) => stageKind(stage) === 'train').reduce((sum, stage) => sum + stage.rounds, 0);
  const start = parametersOf(task, openModel(task, initialModel(task)));
  const steps = rounds * task.localSteps;
  return descend(start, { task, kind: modelKind(task), rows: train, steps, stream: 'batch/alone', signal });
}
