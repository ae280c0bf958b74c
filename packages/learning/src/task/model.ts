import type { ModelKind } from '../models/kind.ts';
import { linear } from '../models/linear.ts';
import { logistic } from '../models/logistic.ts';
import { mlp } from '../models/mlp.ts';
import { seededRandom } from '../random.ts';
import { writeModel } from '../safetensors.ts';
import type { Model, Tensor, TensorShape } from '../tensor.ts';
import { elements } from '../tensor.ts';
import { designColumns } from './columns.ts';
import type { TrainTask } from './schema.ts';

/**
 * The artifact. Tensors: those of the model kind (task.dtype), and with `standardise: global` also `feature.mean` and
 * `feature.std` (F64, one value per design column; 0 and 1 until the statistics stage). So `modelHash` pins the
 * preprocessing together with the weights, while the flat vector of a training round lists the kind's tensors alone.
 * Metadata: `format`, `kind`, `columns` (JSON list of design columns) - enough to use the model without the plan.
 */
export const MEAN = 'feature.mean';
export const STD = 'feature.std';

export function modelKind(task: TrainTask): ModelKind {
  const width = designColumns(task).length;
  if (task.kind === 'linear') return linear(width);
  if (task.kind === 'logistic') return logistic(width);
  return mlp(width, task.hidden ?? [], task.activation ?? 'tanh');
}

/** Order of the flat vector: what `stages[].tensors` of a training stage must list. */
export function modelTensors(task: TrainTask): readonly TensorShape[] {
  return modelKind(task).tensors;
}

/** Bytes of version 0, the model of round 1; `P.model.digest` is their SHA-256. Same task, same bytes. */
export function initialModel(task: TrainTask): Uint8Array {
  return writeModel(initialTensors(task));
}

/** Zeros, or Glorot-uniform weights (Glorot, Bengio 2010) and zero biases from `task.seed`. */
export function initialTensors(task: TrainTask): Model {
  const tensors = new Map<string, Tensor>();
  for (const { name, shape } of modelTensors(task)) {
    const data = new Float64Array(elements(shape));
    if (task.init === 'seeded' && name.endsWith('weight')) fillGlorot(data, shape, task.seed, name);
    tensors.set(name, { name, shape, dtype: task.dtype, data: task.dtype === 'F32' ? data.map(Math.fround) : data });
  }
  const columns = designColumns(task);
  if (task.standardise.mode === 'global') {
    const shape = [columns.length];
    tensors.set(MEAN, { name: MEAN, shape, dtype: 'F64', data: new Float64Array(columns.length) });
    tensors.set(STD, { name: STD, shape, dtype: 'F64', data: new Float64Array(columns.length).fill(1) });
  }
  const names = JSON.stringify(columns.map((column) => column.name));
  return { tensors, metadata: { format: 'sumveil-model-1', kind: task.kind, columns: names } };
}

function fillGlorot(data: Float64Array, shape: readonly number[], seed: number, name: string): void {
  const inputs = shape[shape.length - 1] as number;
  const outputs = data.length / inputs;
  const limit = Math.sqrt(6 / (inputs + outputs));
  const random = seededRandom(seed, `init/${name}`);
  for (let i = 0; i < data.length; i++) data[i] = (2 * random.uniform() - 1) * limit;
}
