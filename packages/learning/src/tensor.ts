import { LearningError } from './error.ts';

export type Dtype = 'F32' | 'F64';

/** Name and shape of a tensor; a list of them fixes the order of a flat vector (`stages[].tensors` of a plan). */
export interface TensorShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Values are always held as float64; `dtype` says how they are written. Row-major. */
export interface Tensor extends TensorShape {
  readonly dtype: Dtype;
  readonly data: Float64Array;
}

export interface Model {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Number of elements of a shape; 1 for a scalar. */
export function elements(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** Length of the flat vector of a list of tensors: the `dim` of secure-aggregation.md section 4. */
export function flatLength(order: readonly TensorShape[]): number {
  return order.reduce((sum, tensor) => sum + elements(tensor.shape), 0);
}

/** The named tensors one after the other. Throws SHAPE when the model has not exactly these shapes. */
export function flatten(model: Model, order: readonly TensorShape[]): Float64Array {
  const flat = new Float64Array(flatLength(order));
  let offset = 0;
  for (const wanted of order) {
    const tensor = tensorOf(model, wanted);
    flat.set(tensor.data, offset);
    offset += tensor.data.length;
  }
  return flat;
}

/** A new model with the named tensors taken from `flat` (rounded to float32 where the tensor is F32); the others stay. */
export function unflatten(model: Model, order: readonly TensorShape[], flat: Float64Array): Model {
  if (flat.length !== flatLength(order)) {
    throw new LearningError('SHAPE', `The vector has ${flat.length} elements, the tensors need ${flatLength(order)}.`);
  }
  const tensors = new Map(model.tensors);
  let offset = 0;
  for (const wanted of order) {
    const tensor = tensorOf(model, wanted);
    const data = flat.slice(offset, offset + tensor.data.length);
    tensors.set(wanted.name, { ...tensor, data: tensor.dtype === 'F32' ? Float64Array.from(data, Math.fround) : data });
    offset += tensor.data.length;
  }
  return { tensors, metadata: model.metadata };
}

function tensorOf(model: Model, wanted: TensorShape): Tensor {
  const tensor = model.tensors.get(wanted.name);
  if (tensor === undefined) throw new LearningError('SHAPE', `The model has no tensor ${wanted.name}.`);
  if (tensor.shape.length !== wanted.shape.length || tensor.shape.some((side, i) => side !== wanted.shape[i])) {
    throw new LearningError(
      'SHAPE',
      `Tensor ${wanted.name} has shape [${tensor.shape}] in the model, but [${wanted.shape}] in the plan.`,
    );
  }
  return tensor;
}
