import type { ModelKind } from './kind.ts';
import { crossEntropy, sigmoid } from './sigmoid.ts';

/** Binary logistic regression: p = sigmoid(weight . x + bias), parameters weight [width] then bias [1]. */
export function logistic(width: number): ModelKind {
  return {
    tensors: [
      { name: 'weight', shape: [width] },
      { name: 'bias', shape: [1] },
    ],
    predict(parameters, { rows, x }, out) {
      for (let row = 0; row < rows; row++) out[row] = sigmoid(margin(parameters, x, row * width, width));
    },
    lossGradient(parameters, { x, y }, index, gradient) {
      gradient.fill(0);
      let loss = 0;
      for (let i = 0; i < index.length; i++) {
        const row = index[i] as number;
        const base = row * width;
        const label = y[row] as number;
        const z = margin(parameters, x, base, width);
        loss += crossEntropy(z, label);
        accumulate(gradient, x, base, width, sigmoid(z) - label);
      }
      for (let j = 0; j <= width; j++) gradient[j] = (gradient[j] as number) / index.length;
      return loss / index.length;
    },
  };
}

/** weight . x + bias, added in the order of the columns (so that every site gets the same bits). */
export function margin(parameters: Float64Array, x: Float64Array, base: number, width: number): number {
  let sum = 0;
  for (let j = 0; j < width; j++) sum += (parameters[j] as number) * (x[base + j] as number);
  return sum + (parameters[width] as number);
}

/** gradient += error * (x, 1). */
export function accumulate(gradient: Float64Array, x: Float64Array, base: number, width: number, error: number): void {
  for (let j = 0; j < width; j++) gradient[j] = (gradient[j] as number) + error * (x[base + j] as number);
  gradient[width] = (gradient[width] as number) + error;
}
