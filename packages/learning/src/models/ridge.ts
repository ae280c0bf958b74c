import { elements, type TensorShape } from '../tensor.ts';

/**
 * Adds the gradient of (l2 / 2) |w|^2 for every tensor named `weight` or `….weight`; biases are not penalised.
 * Returns the value of the penalty.
 */
export function addRidge(
  order: readonly TensorShape[],
  parameters: Float64Array,
  gradient: Float64Array,
  l2: number,
): number {
  if (l2 === 0) return 0;
  let penalty = 0;
  let offset = 0;
  for (const { name, shape } of order) {
    const end = offset + elements(shape);
    if (name === 'weight' || name.endsWith('.weight')) {
      for (let i = offset; i < end; i++) {
        const value = parameters[i] as number;
        gradient[i] = (gradient[i] as number) + l2 * value;
        penalty += 0.5 * l2 * value * value;
      }
    }
    offset = end;
  }
  return penalty;
}
