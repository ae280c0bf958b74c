import { LearningError } from '../error.ts';
import { designColumns, summedColumns } from '../task/columns.ts';
import { MEAN, STD } from '../task/model.ts';
import type { TrainTask } from '../task/schema.ts';
import type { Model } from '../tensor.ts';

/** Mean and standard deviation per design column; 0 and 1 for a column that is left as it is. */
export interface Moments {
  readonly mean: Float64Array;
  readonly std: Float64Array;
}

/**
 * Sums of one tenant's train rows for the statistics stage. Values are mapped to (x - centre) / half, within [-1, 1]; empty cells
 * (NaN) are not counted. `x` is row-major, `rows` x design columns.
 */
export function momentSums(task: TrainTask, x: Float64Array, rows: number): Record<string, number[]> {
  const columns = designColumns(task);
  const featureCount: number[] = [];
  const featureSum: number[] = [];
  const featureSquares: number[] = [];
  for (const place of summedColumns(task)) {
    const { centre, half } = columns[place] as { centre: number; half: number };
    let count = 0;
    let sum = 0;
    let squares = 0;
    for (let row = 0; row < rows; row++) {
      const unit = ((x[row * columns.length + place] as number) - centre) / half;
      if (Number.isNaN(unit)) continue;
      count++;
      sum += unit;
      squares += unit * unit;
    }
    featureCount.push(count);
    featureSum.push(sum);
    featureSquares.push(squares);
  }
  return { featureCount, featureSum, featureSquares };
}

/** Mean and standard deviation from summed moments (mode `global`). A column that does not vary gets std 1. */
export function momentsFromSums(task: TrainTask, sums: Readonly<Record<string, readonly number[]>>): Moments {
  const columns = designColumns(task);
  const { mean, std } = identityMoments(columns.length);
  const places = summedColumns(task);
  for (const name of ['featureCount', 'featureSum', 'featureSquares']) {
    if (sums[name]?.length !== places.length) {
      throw new LearningError('SHAPE', `The aggregate has no ${name} of ${places.length} columns.`);
    }
  }
  places.forEach((place, i) => {
    const { centre, half } = columns[place] as { centre: number; half: number };
    const count = sums.featureCount?.[i] as number;
    if (count <= task.standardise.ddof) return;
    const sum = sums.featureSum?.[i] as number;
    const squares = sums.featureSquares?.[i] as number;
    const variance = (squares - (sum * sum) / count) / (count - task.standardise.ddof);
    mean[place] = centre + half * (sum / count);
    std[place] = variance > CONSTANT * CONSTANT ? half * Math.sqrt(variance) : 1;
  });
  return { mean, std };
}

/** Mean and standard deviation of one tenant's own train rows (mode `local`), two passes. */
export function localMoments(task: TrainTask, x: Float64Array, rows: number): Moments {
  const columns = designColumns(task);
  const { mean, std } = identityMoments(columns.length);
  columns.forEach(({ standardised }, place) => {
    if (standardised) columnMoments(x, rows, columns.length, place, task.standardise.ddof, mean, std);
  });
  return { mean, std };
}

function columnMoments(
  x: Float64Array,
  rows: number,
  width: number,
  place: number,
  ddof: number,
  mean: Float64Array,
  std: Float64Array,
): void {
  let count = 0;
  let sum = 0;
  for (let at = place; at < rows * width; at += width) {
    const value = x[at] as number;
    if (Number.isNaN(value)) continue;
    count++;
    sum += value;
  }
  if (count <= ddof) return;
  const centre = sum / count;
  let squares = 0;
  for (let at = place; at < rows * width; at += width) {
    const value = x[at] as number;
    if (!Number.isNaN(value)) squares += (value - centre) * (value - centre);
  }
  mean[place] = centre;
  std[place] = Math.sqrt(squares / (count - ddof));
}

/** What `feature.mean` and `feature.std` of an artifact say (mode `global`). */
export function momentsOf(model: Model, width: number): Moments {
  const mean = model.tensors.get(MEAN)?.data;
  const std = model.tensors.get(STD)?.data;
  if (mean?.length !== width || std?.length !== width) {
    throw new LearningError('SHAPE', `The model carries no ${MEAN} and ${STD} of ${width} columns.`);
  }
  return { mean, std };
}

/** A copy with (x - mean) / (std + epsilon) in standardised columns; empty cells become 0, the mean. Throws NUMERIC otherwise. */
export function standardised(task: TrainTask, x: Float64Array, moments: Moments): Float64Array {
  const columns = designColumns(task);
  const width = columns.length;
  const out = Float64Array.from(x);
  for (let j = 0; j < width; j++) {
    if (!columns[j]?.standardised) continue;
    const mean = moments.mean[j] as number;
    const std = moments.std[j] as number;
    const divisor = (std > 0 ? std : 1) + task.standardise.epsilon;
    for (let at = j; at < out.length; at += width) {
      const value = out[at] as number;
      out[at] = Number.isNaN(value) ? 0 : (value - mean) / divisor;
    }
  }
  if (!out.every(Number.isFinite)) {
    throw new LearningError(
      'NUMERIC',
      'A value is not finite after standardisation: check the data contract of the plan.',
    );
  }
  return out;
}

/** Columns flatter than this (in units of the half range) do not vary: fixed-point sums cannot tell them from constant. */
const CONSTANT = 1e-6;

function identityMoments(width: number): { mean: Float64Array; std: Float64Array } {
  return { mean: new Float64Array(width), std: new Float64Array(width).fill(1) };
}
