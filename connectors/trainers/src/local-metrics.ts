import { aucExact, lossSum, meanLoss, modelKind, rootMeanSquare, type Scores, type TrainTask } from '@sumveil/learning';
import { openModel, parametersOf } from './builtin.ts';
import type { Dataset } from './dataset.ts';
import { prepare, scores } from './prepared.ts';

/**
 * One tenant's own figures on its own test rows; they stay at the tenant. Null where a metric is undefined. `loss` per row:
 * nats for binary kinds, squared error in units of the label's range squared for linear.
 */
export interface LocalMetrics {
  readonly trainRows: number;
  readonly testRows: number;
  readonly auc: number | null;
  readonly accuracy: number | null;
  readonly loss: number | null;
  readonly rmse: number | null;
}

export interface LocalMetricsInput {
  readonly task: TrainTask;
  readonly model: Uint8Array;
  readonly dataset: Dataset;
}

export function localMetrics(input: LocalMetricsInput): LocalMetrics {
  return metricsOf(input.task, input.dataset.train.rows, testScores(input));
}

/** Predictions of a model on a dataset's test rows. */
export function testScores({ task, model, dataset }: LocalMetricsInput): Scores {
  const opened = openModel(task, model);
  const { test } = prepare(task, opened, dataset);
  return scores(task, parametersOf(task, opened), test, modelKind(task));
}

/** Exact figures from raw scores, no histogram. */
export function metricsOf(task: TrainTask, trainRows: number, test: Scores): LocalMetrics {
  const { predictions, labels } = test;
  const testRows = labels.length;
  const loss = meanLoss(lossSum(task, test), testRows);
  if ('min' in task.label) {
    const rmse = rootMeanSquare(lossSum(task, test), testRows);
    const range = task.label.max - task.label.min;
    return { trainRows, testRows, auc: null, accuracy: null, loss, rmse: rmse === null ? null : rmse * range };
  }
  const correct = labels.filter((label, row) => (predictions[row] as number) >= 0.5 === (label === 1)).length;
  const accuracy = testRows > 0 ? correct / testRows : null;
  return { trainRows, testRows, auc: aucExact(predictions, labels), accuracy, loss, rmse: null };
}
