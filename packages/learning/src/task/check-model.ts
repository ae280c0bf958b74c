import type { Model, Tensor } from '../tensor.ts';
import type { PlanFault } from './fault.ts';
import { initialTensors } from './model.ts';
import type { TrainTask } from './schema.ts';

/**
 * Whether an artifact has exactly the tensors of the task: names, shapes, dtypes, nothing beside them. For the base model when
 * a plan is submitted (so that a wrong one is found before people approve it) and for every model a trainer is given.
 */
export function checkModel(task: TrainTask, model: Model): PlanFault[] {
  const wanted = initialTensors(task).tensors;
  const faults: PlanFault[] = [];
  for (const [name, tensor] of wanted) {
    const found = model.tensors.get(name);
    if (found === undefined) faults.push(fault(`the model has no tensor ${name} ${describe(tensor)}`));
    else if (describe(found) !== describe(tensor)) {
      faults.push(fault(`tensor ${name} is ${describe(found)}, the task needs ${describe(tensor)}`));
    }
  }
  for (const name of model.tensors.keys()) {
    if (!wanted.has(name)) faults.push(fault(`the model has a tensor ${name} that the task does not know`));
  }
  return faults;
}

function describe({ dtype, shape }: Tensor): string {
  return `${dtype} [${shape.join(', ')}]`;
}

function fault(message: string): PlanFault {
  return { path: 'model.digest', message };
}
