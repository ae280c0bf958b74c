import type { TensorShape } from '../tensor.ts';

/** Rows of a design matrix, row-major: `x` has rows x width values, `y` one each (0 or 1 for a binary label). */
export interface Batch {
  readonly rows: number;
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/**
 * A kind of model over the flat vector of its tensors. Everything is float64, in place, without allocation per row;
 * an instance owns its scratch memory, so it serves one caller at a time.
 */
export interface ModelKind {
  readonly tensors: readonly TensorShape[];
  /** Predictions into `out`: probability of the positive class, or the value of a linear model. */
  predict(parameters: Float64Array, batch: Batch, out: Float64Array): void;
  /**
   * Mean loss over the rows `index[from..to)` of the batch; its gradient replaces the content of `gradient`.
   * Binary kinds: cross-entropy in nats. Linear: half the squared error.
   */
  lossGradient(parameters: Float64Array, batch: Batch, index: Int32Array, gradient: Float64Array): number;
}
