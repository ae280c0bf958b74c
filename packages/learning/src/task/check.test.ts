import { describe, expect, it } from 'vitest';
import { readModel } from '../safetensors.ts';
import { checkPlanLearning } from './check.ts';
import { checkModel } from './check-model.ts';
import { initialModel, modelTensors } from './model.ts';
import { parseTask } from './schema.ts';
import { evaluateStage, type Stage, stageAux, statisticsStage, trainStage } from './stages.ts';
import { smallTask } from './task.fixture.ts';

const task = parseTask(smallTask);
const stages: Stage[] = [statisticsStage(task), trainStage(task, 8, { classes: [8, 16, 32] }), evaluateStage(task)];

/** The stages with one of them changed. */
function withStage(place: number, change: (stage: Stage) => Stage): Stage[] {
  return stages.map((stage, i) => (i === place ? change(structuredClone(stage)) : stage));
}

function changedAux(stage: Stage, place: number, change: Record<string, unknown>): Stage {
  return { ...stage, aux: stage.aux.map((item, i) => (i === place ? { ...item, ...change } : item)) };
}

describe('stages of a plan', () => {
  it('are accepted as the builders make them', () => {
    expect(checkPlanLearning({ task: smallTask, stages })).toEqual([]);
  });

  it.each([
    ['another shape', withStage(1, (s) => ({ ...s, tensors: [{ name: 'weight', shape: [4] }] })), 'stages.1.tensors'],
    ['a missing aux item', withStage(1, (s) => ({ ...s, aux: s.aux.slice(0, -1) })), 'stages.1.aux'],
    ['fewer bins', withStage(1, (s) => changedAux(s, 6, { len: 9 })), 'stages.1.aux.6.len'],
    ['another scale', withStage(0, (s) => changedAux(s, 1, { scaleLog2: 8 })), 'stages.0.aux.1.scaleLog2'],
    ['a max that would clamp', withStage(2, (s) => changedAux(s, 0, { max: '99' })), 'stages.2.aux.0.max'],
    ['classes out of order', withStage(1, (s) => changedAux(s, 0, { classes: [8, 4] })), 'stages.1.aux.0.classes'],
    ['a weight with neither', withStage(1, (s) => changedAux(s, 0, { classes: undefined })), 'stages.1.aux.0'],
    ['a repeated name', withStage(2, (s) => ({ ...s, name: 'train' })), 'stages.2.name'],
    ['statistics not first', [stages[1], stages[0], stages[2]], 'stages.0'],
    ['two rounds of statistics', withStage(0, (s) => ({ ...s, rounds: 2 })), 'stages.0.rounds'],
    ['no training', [stages[0], stages[2]], 'stages'],
    ['an unknown field', withStage(1, (s) => ({ ...s, epochs: 3 }) as Stage), 'stages.1.epochs'],
  ])('name the fault of %s', (_, changed, path) => {
    expect(checkPlanLearning({ task: smallTask, stages: changed }).map((fault) => fault.path)).toContain(path);
  });

  it('report faults of task and stages together', () => {
    const faults = checkPlanLearning({ task: { ...smallTask, l2: -1 }, stages: [{ name: 'x' }] });
    expect(faults.map(({ path }) => path)).toEqual(expect.arrayContaining(['task.l2', 'stages.0.rounds']));
  });

  it.each<[string, unknown, string[]]>([
    ['an unknown guard', { drift: {} }, ['guards.drift']],
    ['an unknown field', { norm: { factr: 3 } }, ['guards.norm.factr']],
    ['a factor that everything is above', { norm: { factor: 1 } }, ['guards.norm.factor']],
    ['more than everybody', { participation: { least: 1.5 } }, ['guards.participation.least']],
    ['no rounds', { divergence: { rounds: 0 } }, ['guards.divergence.rounds']],
    ['a guard that is both set and off', { norm: {}, off: ['norm'] }, ['guards.off.0']],
    ['a guard that is off twice', { off: ['norm', 'norm'] }, ['guards.off.1']],
    ['another name', { off: ['loss'] }, ['guards.off.0']],
  ])('name the fault of %s', (_, guards, paths) => {
    expect(checkPlanLearning({ task: smallTask, stages, guards }).map(({ path }) => path)).toEqual(paths);
  });

  it('keep every sum inside the 64-bit ring for a thousand tenants', () => {
    const wide = parseTask({ ...smallTask, rows: { min: 1, max: 2 ** 22 } });
    for (const { max } of [...stageAux(wide, 'statistics'), ...stageAux(wide, 'train')]) {
      expect(1000n * (BigInt(max as string) + 1n) < 2n ** 63n).toBe(true);
    }
  });
});

describe('first model', () => {
  it('fits its task and no other', () => {
    const model = readModel(initialModel(task));
    expect(checkModel(task, model)).toEqual([]);
    const messages = (value: object) =>
      checkModel(parseTask({ ...smallTask, ...value }), model).map(({ message }) => message);
    expect(messages({ dtype: 'F32' })).toEqual([
      'tensor weight is F64 [3], the task needs F32 [3]',
      'tensor bias is F64 [1], the task needs F32 [1]',
    ]);
    expect(messages({ standardise: { mode: 'local' } })).toEqual([
      'the model has a tensor feature.mean that the task does not know',
      'the model has a tensor feature.std that the task does not know',
    ]);
    expect(messages({ kind: 'mlp', hidden: [2], activation: 'tanh', init: 'seeded' })).toContain(
      'the model has no tensor layers.0.weight F64 [2, 3]',
    );
  });

  it('is the same bytes for the same task and carries its preprocessing', () => {
    expect(initialModel(task)).toEqual(initialModel(parseTask(smallTask)));
    const model = readModel(initialModel(task));
    expect([...model.tensors.keys()].sort()).toEqual(['bias', 'feature.mean', 'feature.std', 'weight']);
    expect(JSON.parse(model.metadata.columns as string)).toEqual(['speed', 'phase=Approach', 'phase=Climb']);
  });

  it('is seeded for an mlp, in float32 if the plan says so', () => {
    const mlp = { ...smallTask, kind: 'mlp', hidden: [4], activation: 'relu', init: 'seeded', dtype: 'F32' } as const;
    const weights = readModel(initialModel(parseTask(mlp))).tensors.get('layers.0.weight');
    expect(weights?.shape).toEqual([4, 3]);
    expect(weights?.data.every((value) => value !== 0 && value === Math.fround(value))).toBe(true);
    expect(initialModel(parseTask({ ...mlp, seed: 1 }))).not.toEqual(initialModel(parseTask(mlp)));
    expect(modelTensors(parseTask(mlp)).map(({ name }) => name)).toEqual([
      'layers.0.weight',
      'layers.0.bias',
      'layers.1.weight',
      'layers.1.bias',
    ]);
  });
});
