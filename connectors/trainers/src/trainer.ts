import type { Stage, TrainTask } from '@sumveil/learning';
import type { Dataset } from './dataset.ts';

export interface TrainRequest {
  readonly task: TrainTask;
  /** The plan's stage of this round; decides between statistics, training and evaluation. */
  readonly stage: Stage;
  readonly round: number;
  /** The exact artifact whose SHA-256 is the plan's `modelHash`; the caller has compared it. */
  readonly model: Uint8Array;
  readonly dataset: Dataset;
  readonly signal?: AbortSignal;
}

/** Stays inside the connector until it is quantised and masked. */
export interface TrainResult {
  /** In the order of `stage.tensors`; length 0 for a stage without tensors. */
  readonly update: Float64Array;
  /** Train rows: what the plan's `weight` item is made from. */
  readonly weightRows: number;
  /** Aux items by name without `weight`, in natural units; metrics are those of the incoming model. */
  readonly aux: Record<string, number[]>;
}

/** One call per round. Deterministic: the same request gives the same result, bit for bit. */
export interface Trainer {
  readonly name: string;
  train(request: TrainRequest): Promise<TrainResult>;
}
