import { setImmediate as turn } from 'node:timers/promises';
import { addRidge, type ModelKind, seededRandom, shuffle, type TrainTask } from '@sumveil/learning';
import type { Rows } from './dataset.ts';
import { TrainersError } from './error.ts';

export interface Descent {
  readonly task: TrainTask;
  readonly kind: ModelKind;
  readonly rows: Rows;
  readonly steps: number;
  /** Keeps the batches of rounds apart. */
  readonly stream: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Plain gradient descent from `start`, `steps` steps; a new vector. Full batch, or minibatches that walk through seeded
 * shuffles of the rows. Gives the event loop a turn after each step, so that the connector keeps its long-poll open.
 */
export async function descend(start: Float64Array, descent: Descent): Promise<Float64Array> {
  const { task, kind, rows, steps, signal } = descent;
  const parameters = Float64Array.from(start);
  const gradient = new Float64Array(parameters.length);
  const nextBatch = batches(task, rows.rows, descent.stream);
  for (let step = 0; step < steps; step++) {
    requireRunning(signal);
    gradientAt(task, kind, rows, parameters, nextBatch(), gradient);
    for (let i = 0; i < parameters.length; i++) {
      parameters[i] = (parameters[i] as number) - task.learningRate * (gradient[i] as number);
    }
    await turn();
  }
  requireFinite(parameters);
  return parameters;
}

/** Mean gradient over the rows of `index`, penalty included, into `gradient`. */
export function gradientAt(
  task: TrainTask,
  kind: ModelKind,
  rows: Rows,
  parameters: Float64Array,
  index: Int32Array,
  gradient: Float64Array,
): void {
  kind.lossGradient(parameters, rows, index, gradient);
  addRidge(kind.tensors, parameters, gradient, task.l2);
}

function batches(task: TrainTask, rows: number, stream: string): () => Int32Array {
  const order = Int32Array.from({ length: rows }, (_, row) => row);
  const size = task.batch === 'full' ? rows : Math.min(task.batch, rows);
  if (size === rows) return () => order;
  const random = seededRandom(task.seed, stream);
  let from = rows;
  return () => {
    if (from + size > rows) {
      shuffle(order, random);
      from = 0;
    }
    from += size;
    return order.subarray(from - size, from);
  };
}

function requireRunning(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new TrainersError('ABORTED', 'Training was stopped before it was finished.');
}

function requireFinite(parameters: Float64Array): void {
  if (parameters.every(Number.isFinite)) return;
  throw new TrainersError(
    'MODEL',
    'Training diverged to values that are not finite. Lower the learning rate of the plan.',
  );
}
