import type { ModelKind } from './kind.ts';
import { accumulate, margin } from './logistic.ts';

/** Linear regression: value = weight . x + bias, loss half the squared error; parameters weight [width] then bias [1]. */
export function linear(width: number): ModelKind {
  return {
    tensors: [
      { name: 'weight', shape: [width] },
      { name: 'bias', shape: [1] },
    ],
    predict(parameters, { rows, x }, out) {
      for (let row = 0; row < rows; row++) out[row] = margin(parameters, x, row * width, width);
    },
    lossGradient(parameters, { x, y }, index, gradient) {
      gradient.fill(0);
      let loss = 0;
      for (let i = 0; i < index.length; i++) {
        const row = index[i] as number;
        const error = margin(parameters, x, row * width, width) - (y[row] as number);
        loss += 0.5 * error * error;
        accumulate(gradient, x, row * width, width, error);
      }
      for (let j = 0; j <= width; j++) gradient[j] = (gradient[j] as number) / index.length;
      return loss / index.length;
    },
  };
}
