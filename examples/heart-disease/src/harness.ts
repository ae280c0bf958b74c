import { simulate } from '@sumveil/example-simulation';
import { flatten, modelKind, modelTensors, readModel, type TrainTask } from '@sumveil/learning';
import { type Dataset, gradientAt, prepareLocally } from '@sumveil/trainers';
import { HEART_AGGREGATION, heartStages } from './plan.ts';

/** Artifact and parameters (13 weights, bias) after each round. */
export interface Trajectory {
  readonly models: readonly Uint8Array[];
  readonly parameters: readonly Float64Array[];
}

/**
 * FedSGD in one process through the product's own trainer, quantisation and server step. Bit-equal to a run through
 * connectors and coordinator with the same plan values.
 */
export async function federatedTrajectory(
  task: TrainTask,
  datasets: readonly Dataset[],
  rounds: number,
): Promise<Trajectory> {
  const models: Uint8Array[] = [];
  const onRound = (_: number, model: Uint8Array): void => {
    models.push(model);
  };
  const stages = heartStages(task, rounds, false);
  await simulate({ task, stages, aggregation: HEART_AGGREGATION, datasets, onRound });
  return { models, parameters: models.map((bytes) => flatten(readModel(bytes), modelTensors(task))) };
}

/** The same in float64 without quantisation: centralised gradient descent, the mean of the gradients weighted n_i / N. */
export function floatTrajectory(task: TrainTask, datasets: readonly Dataset[], rounds: number): Float64Array[] {
  const kind = modelKind(task);
  const parts = datasets.map((dataset) => prepareLocally(task, dataset).train);
  const total = parts.reduce((sum, { rows }) => sum + rows, 0);
  const parameters = new Float64Array(kind.tensors.reduce((sum, { shape }) => sum + (shape[0] as number), 0));
  const gradient = new Float64Array(parameters.length);
  return Array.from({ length: rounds }, () => {
    const mean = new Float64Array(parameters.length);
    for (const rows of parts) {
      gradientAt(
        task,
        kind,
        rows,
        parameters,
        Int32Array.from({ length: rows.rows }, (_, row) => row),
        gradient,
      );
      gradient.forEach((value, i) => {
        mean[i] = (mean[i] as number) + (value * rows.rows) / total;
      });
    }
    mean.forEach((value, i) => {
      parameters[i] = (parameters[i] as number) - task.learningRate * value;
    });
    return Float64Array.from(parameters);
  });
}

/**
 * Largest distance of a parameter from the float64 trajectory after `rounds` rounds, if errors only added up: each of n tenants
 * rounds by half a step of 2^-scaleLog2, the mean multiplies by weightMax / sum of weights, the server by its rate.
 * Gradient descent on this loss does not amplify earlier errors.
 */
export function quantisationBound(
  rounds: number,
  weightMax: number,
  weightSum: number,
  tenants: number,
  rate: number,
): number {
  return (rounds * rate * tenants * 2 ** -(HEART_AGGREGATION.scaleLog2 + 1) * weightMax) / weightSum;
}
