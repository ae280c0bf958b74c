import {
  checkModel,
  flatten,
  type Model,
  metricSums,
  modelKind,
  momentSums,
  readModel,
  stageKind,
  type TrainTask,
} from '@sumveil/learning';
import { descend, gradientAt } from './descend.ts';
import { TrainersError } from './error.ts';
import { type Prepared, prepare, scores } from './prepared.ts';
import type { Trainer, TrainRequest, TrainResult } from './trainer.ts';

/**
 * The builtin trainer: linear, logistic and mlp of @sumveil/learning in this process. Training rounds report the metrics
 * of the incoming model in the same result, so nothing about a tenant leaves in a second message.
 */
export const builtinTrainer: Trainer = { name: 'builtin', train };

async function train(request: TrainRequest): Promise<TrainResult> {
  const { task, stage, dataset } = request;
  const weightRows = dataset.train.rows;
  const kind = stageKind(stage);
  if (kind === 'statistics') {
    return { update: new Float64Array(0), weightRows, aux: momentSums(task, dataset.train.x, weightRows) };
  }
  const model = openModel(task, request.model);
  const prepared = prepare(task, model, dataset);
  const parameters = parametersOf(task, model);
  const aux = metricSums(task, scores(task, parameters, prepared.train), scores(task, parameters, prepared.test));
  requireFinite(aux);
  const update = kind === 'train' ? await updateFrom(request, parameters, prepared) : new Float64Array(0);
  return { update, weightRows, aux };
}

/** FedAvg: local steps minus start. FedSGD: minus the gradient; the server multiplies by the learning rate. */
async function updateFrom(
  { task, round, signal }: TrainRequest,
  start: Float64Array,
  { train: rows }: Prepared,
): Promise<Float64Array> {
  const kind = modelKind(task);
  if (task.strategy.name === 'fedsgd') {
    const gradient = new Float64Array(start.length);
    gradientAt(
      task,
      kind,
      rows,
      start,
      Int32Array.from({ length: rows.rows }, (_, row) => row),
      gradient,
    );
    return gradient.map((value) => (value === 0 ? 0 : -value));
  }
  const end = await descend(start, { task, kind, rows, steps: task.localSteps, stream: `batch/${round}`, signal });
  return end.map((value, i) => value - (start[i] as number));
}

/** The artifact, read strictly and with exactly the task's tensors. Throws MODEL. */
export function openModel(task: TrainTask, bytes: Uint8Array): Model {
  const model = readStrictly(bytes);
  const faults = checkModel(task, model).map(({ message }) => message);
  if (faults.length > 0) {
    throw new TrainersError(
      'MODEL',
      `The model does not fit the plan: ${faults.join('; ')}. Ask the operator for the right one.`,
    );
  }
  return model;
}

function readStrictly(bytes: Uint8Array): Model {
  try {
    return readModel(bytes);
  } catch (cause) {
    throw new TrainersError('MODEL', (cause as Error).message);
  }
}

export function parametersOf(task: TrainTask, model: Model): Float64Array {
  return flatten(model, modelKind(task).tensors);
}

function requireFinite(aux: Record<string, number[]>): void {
  const name = Object.keys(aux).find((key) => !aux[key]?.every(Number.isFinite));
  if (name !== undefined) {
    throw new TrainersError(
      'MODEL',
      `${name} of the incoming model is not finite. Stop the run and lower its learning rate.`,
    );
  }
}
