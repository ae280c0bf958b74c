import {
  localMoments,
  type Model,
  type ModelKind,
  type Moments,
  modelKind,
  momentsOf,
  type Scores,
  standardised,
  type TrainTask,
} from '@sumveil/learning';
import type { Dataset, Rows } from './dataset.ts';
import { TrainersError } from './error.ts';

/** A dataset as the model sees it: standardised with what the plan says. */
export interface Prepared {
  readonly train: Rows;
  readonly test: Rows;
}

/** `global`: by the moments that the artifact carries. `local`: by this tenant's own train rows. */
export function prepare(task: TrainTask, model: Model, dataset: Dataset): Prepared {
  const width = dataset.columns.length;
  if (task.standardise.mode === 'none') return dataset;
  if (task.standardise.mode === 'global') return prepareWith(task, summedMoments(model, width), dataset);
  return prepareLocally(task, dataset);
}

/**
 * A first model has mean 0 and deviation 1 everywhere. Training on it would mean that the statistics round was lost and
 * every value goes in unscaled, so it is refused rather than run.
 */
function summedMoments(model: Model, width: number): Moments {
  const moments = momentsOf(model, width);
  if (moments.mean.every((value) => value === 0) && moments.std.every((value) => value === 1)) {
    throw new TrainersError(
      'STAGE',
      'The model carries no federated statistics: its statistics round has no result. Stop the run and start it again.',
    );
  }
  return moments;
}

export function prepareLocally(task: TrainTask, dataset: Dataset): Prepared {
  return prepareWith(task, localMoments(task, dataset.train.x, dataset.train.rows), dataset);
}

function prepareWith(task: TrainTask, moments: Moments, { train, test }: Dataset): Prepared {
  return {
    train: { ...train, x: standardised(task, train.x, moments) },
    test: { ...test, x: standardised(task, test.x, moments) },
  };
}

/** Predictions on all rows of a split. */
export function scores(
  task: TrainTask,
  parameters: Float64Array,
  rows: Rows,
  kind: ModelKind = modelKind(task),
): Scores {
  const predictions = new Float64Array(rows.rows);
  kind.predict(parameters, rows, predictions);
  return { predictions, labels: rows.y };
}
