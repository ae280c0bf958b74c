import {
  applyAggregate,
  evaluateStage,
  flatten,
  initialModel,
  metricSums,
  modelTensors,
  parseTask,
  readModel,
  stageAux,
  statisticsStage,
  type TrainTask,
  trainStage,
} from '@sumveil/learning';
import { describe, expect, it } from 'vitest';
import { builtinTrainer } from './builtin.ts';
import { poolDatasets } from './pool-datasets.ts';
import { prepare, scores } from './prepared.ts';
import { taskValue, tenant } from './tenant.fixture.ts';

const local = parseTask(taskValue);
const mlp = { ...taskValue, kind: 'mlp', hidden: [4], activation: 'tanh', init: 'seeded' } as const;

const once = (task: TrainTask, round = 2, dataset = tenant(task), signal?: AbortSignal) =>
  builtinTrainer.train({
    task,
    stage: trainStage(task, 8),
    round,
    model: initialModel(task),
    dataset,
    ...(signal && { signal }),
  });

describe('builtin trainer', () => {
  it.each([
    ['logistic', local],
    ['mlp', parseTask(mlp)],
    ['minibatches', parseTask({ ...taskValue, batch: 16 })],
    [
      'linear',
      parseTask({
        ...taskValue,
        kind: 'linear',
        label: { name: 'speed2', min: 0, max: 1 },
        features: [taskValue.features[1]],
        standardise: { mode: 'none' },
      }),
    ],
  ])('gives the same result for the same request, and lowers the loss: %s', async (name, task) => {
    const dataset = name === 'linear' ? linearTenant(task) : tenant(task);
    const [one, two] = [await once(task, 2, dataset), await once(task, 2, dataset)];
    expect(one).toEqual(two);
    expect(Object.keys(one.aux)).toEqual(stageAux(task, 'train').map((item) => item.name));
    const model = applyAggregate({
      task,
      stage: trainStage(task, 1),
      model: initialModel(task),
      meanUpdate: one.update,
      aux: {},
    });
    const after = await builtinTrainer.train({ task, stage: evaluateStage(task), round: 3, model, dataset });
    expect(after.update.length).toBe(0);
    expect(after.aux.trainLoss?.[0]).toBeLessThan(one.aux.trainLoss?.[0] as number);
  });

  it('draws other minibatches in another round', async () => {
    const task = parseTask({ ...taskValue, batch: 16 });
    expect((await once(task, 2)).update).not.toEqual((await once(task, 3)).update);
  });

  it('reports the metrics of the incoming model, not of the trained one', async () => {
    const dataset = tenant(local);
    const model = readModel(initialModel(local));
    const prepared = prepare(local, model, dataset);
    const parameters = flatten(model, modelTensors(local));
    const wanted = metricSums(
      local,
      scores(local, parameters, prepared.train),
      scores(local, parameters, prepared.test),
    );
    expect((await once(local)).aux).toEqual(wanted);
  });

  it('FedSGD: the row-weighted mean of the updates is the pooled one', async () => {
    const task = parseTask({
      ...taskValue,
      localSteps: 1,
      strategy: { name: 'fedsgd' },
      features: [taskValue.features[1]],
      standardise: { mode: 'none' },
    });
    const parts = [tenant(task, 60), tenant(task, 100, 60)];
    const [a, b] = await Promise.all(parts.map((part) => once(task, 1, part)));
    const pooled = await once(task, 1, poolDatasets(parts));
    const total = (a?.weightRows ?? 0) + (b?.weightRows ?? 0);
    pooled.update.forEach((value, i) => {
      const mean = ((a?.update[i] ?? 0) * (a?.weightRows ?? 0) + (b?.update[i] ?? 0) * (b?.weightRows ?? 0)) / total;
      expect(mean).toBeCloseTo(value, 14);
    });
  });

  it('federated statistics standardise as the pooled train rows would', async () => {
    const task = parseTask({ ...taskValue, standardise: { mode: 'global' } });
    const parts = [tenant(task, 60), tenant(task, 100, 60)];
    const stage = statisticsStage(task);
    const model = initialModel(task);
    const results = await Promise.all(
      parts.map((dataset) => builtinTrainer.train({ task, stage, round: 1, model, dataset })),
    );
    const aux = Object.fromEntries(
      stage.aux.map(({ name }) => [
        name,
        (results[0]?.aux[name] ?? []).map((value, i) => value + (results[1]?.aux[name]?.[i] ?? 0)),
      ]),
    );
    const next = readModel(applyAggregate({ task, stage, model, meanUpdate: new Float64Array(0), aux }));
    const pooled = poolDatasets(parts);
    const federated = prepare(task, next, pooled).train.x;
    const centralised = prepare(local, next, pooled).train.x;
    federated.forEach((value, i) => {
      expect(value).toBeCloseTo(centralised[i] as number, 9);
    });
  });

  it('refuses to train on a model whose statistics round was lost', async () => {
    await expect(once(parseTask({ ...taskValue, standardise: { mode: 'global' } }))).rejects.toMatchObject({
      code: 'STAGE',
    });
  });

  it('stops when asked, and refuses a model that is none', async () => {
    await expect(once(local, 1, tenant(local), AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
    const request = { task: local, stage: trainStage(local, 1), round: 1, dataset: tenant(local) };
    await expect(builtinTrainer.train({ ...request, model: new Uint8Array(9) })).rejects.toMatchObject({
      code: 'MODEL',
    });
    const other = initialModel(
      parseTask({ ...taskValue, features: [taskValue.features[1]], standardise: { mode: 'none' } }),
    );
    await expect(builtinTrainer.train({ ...request, model: other })).rejects.toMatchObject({
      code: 'MODEL',
      message: expect.stringContaining('weight is F64 [2], the task needs F64 [3]'),
    });
  });

  it('says so when training diverges', async () => {
    const task = parseTask({
      ...taskValue,
      kind: 'linear',
      label: { name: 'y', min: 0, max: 1 },
      localSteps: 3000,
      learningRate: 100,
      features: [taskValue.features[1]],
      standardise: { mode: 'none' },
    });
    await expect(once(task, 1, linearTenant(task))).rejects.toMatchObject({
      code: 'MODEL',
      message: expect.stringContaining('diverged'),
    });
  });
});

/** A numeric label that depends on the phase. */
function linearTenant(task: TrainTask) {
  const { columns, train, test } = tenant(
    parseTask({ ...taskValue, features: [taskValue.features[1]], standardise: { mode: 'none' } }),
  );
  const value = (x: Float64Array, y: Float64Array): Float64Array =>
    y.map((_, row) => 0.2 + 0.5 * (x[2 * row] as number));
  expect(task.kind).toBe('linear');
  return {
    digest: '',
    columns,
    train: { ...train, y: value(train.x, train.y) },
    test: { ...test, y: value(test.x, test.y) },
  };
}
