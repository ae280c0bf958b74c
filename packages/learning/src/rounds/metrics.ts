import { aucFromHistograms, scoreBin } from '../metrics/auc.ts';
import { accuracy, meanLoss, rootMeanSquare } from '../metrics/ratios.ts';
import type { TrainTask } from '../task/schema.ts';
import { LOSS_CAP } from '../task/stages.ts';
import type { AuxSums } from './aux-sums.ts';

/**
 * Federated metrics of one model. `loss` per row: nats for binary kinds, squared error in units of the label's range squared
 * for linear. Null is shown as n/a (no rows, one class only, or not a metric of this kind).
 */
export interface Metrics {
  readonly train: { readonly rows: number; readonly loss: number | null };
  readonly test: {
    readonly rows: number;
    readonly loss: number | null;
    readonly accuracy: number | null;
    /** Share of the commoner class: the accuracy of always guessing it, without which accuracy says little. */
    readonly baseRate: number | null;
    readonly auc: number | null;
    /** Linear models only, in units of the label. */
    readonly rmse: number | null;
  };
}

/** Metrics of the *incoming* model of a training round, or of the evaluated one, from the sums over all survivors. */
export function roundMetrics(task: TrainTask, aux: AuxSums): Metrics {
  const at = (name: string): number => aux[name]?.[0] ?? 0;
  const rows = at('testRows');
  const binary = task.kind !== 'linear';
  const range = 'min' in task.label ? task.label.max - task.label.min : 1;
  return {
    train: { rows: at('trainRows'), loss: meanLoss(at('trainLoss'), at('trainRows')) },
    test: {
      rows,
      loss: meanLoss(at('testLoss'), rows),
      accuracy: binary ? accuracy(at('testCorrect'), rows) : null,
      baseRate: binary ? accuracy(Math.max(total(aux.testPositives), total(aux.testNegatives)), rows) : null,
      auc: binary ? aucFromHistograms(aux.testPositives ?? [], aux.testNegatives ?? []) : null,
      rmse: binary ? null : scaled(rootMeanSquare(at('testLoss'), rows), range),
    },
  };
}

function total(counts: readonly number[] = []): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

function scaled(value: number | null, factor: number): number | null {
  return value === null ? null : value * factor;
}

/** Predictions of a model on rows, with their labels, as the trainer hands them over. */
export interface Scores {
  readonly predictions: Float64Array;
  readonly labels: Float64Array;
}

/** One tenant's contribution to the metrics of a round: sums only, never a value per row. */
export function metricSums(task: TrainTask, train: Scores, test: Scores): Record<string, number[]> {
  const sums = {
    trainRows: [train.labels.length],
    trainLoss: [lossSum(task, train)],
    testRows: [test.labels.length],
    testLoss: [lossSum(task, test)],
  };
  return task.kind === 'linear' ? sums : { ...sums, ...rankSums(task.bins, test) };
}

/**
 * Sum of losses, each capped at LOSS_CAP: nats for binary kinds; for linear the squared error in units of the label's
 * range squared, so that one fixed-point scale serves every label.
 */
export function lossSum(task: TrainTask, { predictions, labels }: Scores): number {
  const range = 'min' in task.label ? task.label.max - task.label.min : 1;
  let sum = 0;
  for (let row = 0; row < labels.length; row++) {
    const prediction = predictions[row] as number;
    const label = labels[row] as number;
    const loss =
      task.kind === 'linear'
        ? ((prediction - label) / range) ** 2
        : -Math.log(label === 1 ? prediction : 1 - prediction);
    sum += Math.min(loss, LOSS_CAP);
  }
  return sum;
}

function rankSums(bins: number, { predictions, labels }: Scores): Record<string, number[]> {
  const testPositives = new Array<number>(bins).fill(0);
  const testNegatives = new Array<number>(bins).fill(0);
  let correct = 0;
  for (let row = 0; row < labels.length; row++) {
    const prediction = predictions[row] as number;
    const positive = labels[row] === 1;
    const histogram = positive ? testPositives : testNegatives;
    const bin = scoreBin(prediction, bins);
    histogram[bin] = (histogram[bin] as number) + 1;
    if (prediction >= 0.5 === positive) correct++;
  }
  return { testCorrect: [correct], testPositives, testNegatives };
}
