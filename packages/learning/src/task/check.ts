import { z } from 'zod';
import { planGuards } from '../guards/thresholds.ts';
import { type PlanFault, schemaFaults } from './fault.ts';
import { modelTensors } from './model.ts';
import { type TrainTask, trainTask } from './schema.ts';
import { type AuxSpec, type Stage, stage, stageAux, stageKind } from './stages.ts';

/** Everything learning has to say about a plan, all faults at once: schema of `task`, `stages` and `guards`, and how they agree. */
export function checkPlanLearning(plan: {
  readonly task?: unknown;
  readonly stages?: unknown;
  readonly guards?: unknown;
}): PlanFault[] {
  const task = trainTask.safeParse(plan.task);
  const stages = z.array(stage).min(1).max(64).safeParse(plan.stages);
  const guards = planGuards.safeParse(plan.guards ?? {});
  const faults = [
    ...schemaFaults('task', task.error),
    ...schemaFaults('stages', stages.error),
    ...schemaFaults('guards', guards.error),
  ];
  return task.success && stages.success ? [...faults, ...checkStages(task.data, stages.data)] : faults;
}

/** Whether the stages list the tensors and aux items that the trainer will fill. */
export function checkStages(task: TrainTask, stages: readonly Stage[]): PlanFault[] {
  return [
    ...stages.flatMap((value, i) => [
      ...tensorFaults(task, value, `stages.${i}`),
      ...auxFaults(task, value, `stages.${i}`),
    ]),
    ...orderFaults(task, stages),
  ];
}

function tensorFaults(task: TrainTask, value: Stage, path: string): PlanFault[] {
  if (stageKind(value) === 'statistics') {
    return value.tensors.length === 0
      ? []
      : [{ path: `${path}.tensors`, message: 'must be empty in the statistics stage' }];
  }
  if (stageKind(value) === 'evaluate') return [];
  const wanted = modelTensors(task).map(({ name, shape }) => `${name} [${shape.join(', ')}]`);
  const found = value.tensors.map(({ name, shape }) => `${name} [${shape.join(', ')}]`);
  if (wanted.join() === found.join()) return [];
  return [{ path: `${path}.tensors`, message: `must be ${wanted.join(', ')} for this task, in this order` }];
}

function auxFaults(task: TrainTask, value: Stage, path: string): PlanFault[] {
  const kind = stageKind(value);
  const weighted = value.aux[0]?.kind === 'weight';
  const faults: PlanFault[] = [];
  if (weighted) faults.push(...weightFaults(value, `${path}.aux.0`));
  const found = weighted ? value.aux.slice(1) : value.aux;
  const wanted = stageAux(task, kind);
  const names = wanted.map((item) => item.name).join(', ');
  if (found.length !== wanted.length) {
    faults.push({ path: `${path}.aux`, message: `must have${kind === 'train' ? ' (after weight)' : ''}: ${names}` });
    return faults;
  }
  found.forEach((item, i) => {
    faults.push(...itemFaults(item, wanted[i] as AuxSpec, `${path}.aux.${i + (weighted ? 1 : 0)}`));
  });
  return faults;
}

function weightFaults(value: Stage, path: string): PlanFault[] {
  const item = value.aux[0] as AuxSpec;
  const faults: PlanFault[] = [];
  if (stageKind(value) !== 'train') faults.push({ path, message: 'a weight belongs to training stages only' });
  if ((item.classes === undefined) === (item.max === undefined)) {
    faults.push({ path, message: 'a weight has either classes or max' });
  }
  if (item.classes?.some((size, i, all) => i > 0 && size <= (all[i - 1] as number))) {
    faults.push({ path: `${path}.classes`, message: 'must be ascending' });
  }
  return faults;
}

function itemFaults(item: AuxSpec, wanted: AuxSpec, path: string): PlanFault[] {
  const faults: PlanFault[] = [];
  const fields = { name: item.name, kind: item.kind, len: item.len ?? 1, scaleLog2: item.scaleLog2 ?? 0 };
  const rules = { name: wanted.name, kind: wanted.kind, len: wanted.len ?? 1, scaleLog2: wanted.scaleLog2 ?? 0 };
  for (const field of ['name', 'kind', 'len', 'scaleLog2'] as const) {
    if (fields[field] !== rules[field]) faults.push({ path: `${path}.${field}`, message: `must be ${rules[field]}` });
  }
  if (item.classes !== undefined) faults.push({ path: `${path}.classes`, message: 'only a weight has classes' });
  if (item.max === undefined || BigInt(item.max) < BigInt(wanted.max as string)) {
    faults.push({ path: `${path}.max`, message: `must be at least ${wanted.max}, or sums would be clamped` });
  }
  return faults;
}

function orderFaults(task: TrainTask, stages: readonly Stage[]): PlanFault[] {
  const kinds = stages.map(stageKind);
  const global = task.standardise.mode === 'global';
  const faults: PlanFault[] = [];
  if (!kinds.includes('train')) faults.push({ path: 'stages', message: 'there is no training stage' });
  if (global && kinds[0] !== 'statistics') {
    faults.push({ path: 'stages.0', message: 'standardise global needs the statistics stage first' });
  }
  kinds.forEach((kind, i) => {
    if (kind !== 'statistics') return;
    if (!global) faults.push({ path: `stages.${i}`, message: 'a statistics stage is for standardise global only' });
    else if (i > 0) faults.push({ path: `stages.${i}`, message: 'the statistics stage comes first and once' });
    if (stages[i]?.rounds !== 1) faults.push({ path: `stages.${i}.rounds`, message: 'must be 1' });
  });
  const names = stages.map(({ name }) => name);
  names.forEach((name, i) => {
    if (names.indexOf(name) !== i) faults.push({ path: `stages.${i}.name`, message: 'is used twice' });
  });
  return faults;
}
