import type { TensorShape } from '../tensor.ts';
import type { Batch, ModelKind } from './kind.ts';
import { crossEntropy, sigmoid } from './sigmoid.ts';

export type Activation = 'tanh' | 'relu';

/** One dense layer inside the flat vector: weight [outputs, inputs] row-major at `weight`, bias [outputs] at `bias`. */
interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weight: number;
  readonly bias: number;
  /** Values after the activation, and d loss / d value before it; scratch for one row. */
  readonly value: Float64Array;
  readonly slope: Float64Array;
}

/**
 * Multilayer perceptron with one logistic output. Tensors `layers.<i>.weight` [outputs, inputs] and `layers.<i>.bias`
 * [outputs], in order of the layers. relu has derivative 0 at 0.
 */
export function mlp(width: number, hidden: readonly number[], activation: Activation): ModelKind {
  const { layers, tensors } = layout([width, ...hidden, 1]);
  const input = new Float64Array(width);
  const forward = (parameters: Float64Array, batch: Batch, row: number): number => {
    for (let j = 0; j < width; j++) input[j] = batch.x[row * width + j] as number;
    let source: Float64Array = input;
    for (let l = 0; l < layers.length; l++) {
      const layer = layers[l] as Layer;
      dense(layer, parameters, source);
      if (l < layers.length - 1) activate(layer.value, activation);
      source = layer.value;
    }
    return source[0] as number;
  };
  return {
    tensors,
    predict(parameters, batch, out) {
      for (let row = 0; row < batch.rows; row++) out[row] = sigmoid(forward(parameters, batch, row));
    },
    lossGradient(parameters, batch, index, gradient) {
      gradient.fill(0);
      let loss = 0;
      for (let i = 0; i < index.length; i++) {
        const row = index[i] as number;
        const label = batch.y[row] as number;
        const z = forward(parameters, batch, row);
        loss += crossEntropy(z, label);
        backward(layers, input, parameters, gradient, sigmoid(z) - label, activation);
      }
      for (let j = 0; j < gradient.length; j++) gradient[j] = (gradient[j] as number) / index.length;
      return loss / index.length;
    },
  };
}

function layout(sizes: readonly number[]): { layers: Layer[]; tensors: TensorShape[] } {
  const layers: Layer[] = [];
  const tensors: TensorShape[] = [];
  let offset = 0;
  for (let l = 0; l + 1 < sizes.length; l++) {
    const inputs = sizes[l] as number;
    const outputs = sizes[l + 1] as number;
    const bias = offset + inputs * outputs;
    const value = new Float64Array(outputs);
    layers.push({ inputs, outputs, weight: offset, bias, value, slope: new Float64Array(outputs) });
    tensors.push(
      { name: `layers.${l}.weight`, shape: [outputs, inputs] },
      { name: `layers.${l}.bias`, shape: [outputs] },
    );
    offset = bias + outputs;
  }
  return { layers, tensors };
}

function dense(layer: Layer, parameters: Float64Array, source: Float64Array): void {
  for (let o = 0; o < layer.outputs; o++) {
    const base = layer.weight + o * layer.inputs;
    let sum = 0;
    for (let j = 0; j < layer.inputs; j++) sum += (parameters[base + j] as number) * (source[j] as number);
    layer.value[o] = sum + (parameters[layer.bias + o] as number);
  }
}

function activate(values: Float64Array, activation: Activation): void {
  for (let i = 0; i < values.length; i++) {
    const z = values[i] as number;
    values[i] = activation === 'tanh' ? Math.tanh(z) : Math.max(z, 0);
  }
}

function backward(
  layers: readonly Layer[],
  input: Float64Array,
  parameters: Float64Array,
  gradient: Float64Array,
  outputError: number,
  activation: Activation,
): void {
  (layers[layers.length - 1] as Layer).slope[0] = outputError;
  for (let l = layers.length - 1; l >= 0; l--) {
    const layer = layers[l] as Layer;
    const below = l > 0 ? (layers[l - 1] as Layer) : undefined;
    addGradient(layer, below?.value ?? input, gradient);
    if (below !== undefined) propagate(layer, below, parameters, activation);
  }
}

function addGradient(layer: Layer, source: Float64Array, gradient: Float64Array): void {
  for (let o = 0; o < layer.outputs; o++) {
    const slope = layer.slope[o] as number;
    const base = layer.weight + o * layer.inputs;
    for (let j = 0; j < layer.inputs; j++) {
      gradient[base + j] = (gradient[base + j] as number) + slope * (source[j] as number);
    }
    gradient[layer.bias + o] = (gradient[layer.bias + o] as number) + slope;
  }
}

function propagate(layer: Layer, below: Layer, parameters: Float64Array, activation: Activation): void {
  for (let j = 0; j < layer.inputs; j++) {
    let sum = 0;
    for (let o = 0; o < layer.outputs; o++) {
      sum += (layer.slope[o] as number) * (parameters[layer.weight + o * layer.inputs + j] as number);
    }
    const value = below.value[j] as number;
    below.slope[j] = sum * (activation === 'tanh' ? 1 - value * value : value > 0 ? 1 : 0);
  }
}
