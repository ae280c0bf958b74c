import { applyAggregate, evaluateStage, initialModel, parseTask, trainStage } from '@sumveil/learning';
import { describe, expect, it } from 'vitest';
import { builtinTrainer } from './builtin.ts';
import { builtinCodeDigest } from './code-digest.ts';
import { localMetrics } from './local-metrics.ts';
import { loneBaseline } from './lone-baseline.ts';
import { taskValue, tenant } from './tenant.fixture.ts';

const task = parseTask(taskValue);
const dataset = tenant(task, 200);

describe('lone baseline', () => {
  it('equals a federation of one tenant: same start, same number of steps', async () => {
    const stage = trainStage(task, 3);
    let model = initialModel(task);
    for (let round = 1; round <= 3; round++) {
      const { update } = await builtinTrainer.train({ task, stage, round, model, dataset });
      model = applyAggregate({ task, stage, model, meanUpdate: update, aux: {} });
    }
    const lone = await loneBaseline({ task, stages: [stage, evaluateStage(task)], dataset });
    const federated = localMetrics({ task, model, dataset });
    expect(lone.loss).toBeCloseTo(federated.loss as number, 12);
    expect({ ...lone, loss: 0 }).toEqual({ ...federated, loss: 0 });
    expect(lone.auc).toBeGreaterThan(0.7);
  });

  it('needs no global statistics', async () => {
    const global = parseTask({ ...taskValue, standardise: { mode: 'global' } });
    const stages = [trainStage(task, 3)];
    expect(await loneBaseline({ task: global, stages, dataset })).toEqual(
      await loneBaseline({ task, stages, dataset }),
    );
  });

  it('has no AUC on test rows of one class', () => {
    const oneClass = { ...dataset, test: { ...dataset.test, y: dataset.test.y.map(() => 1) } };
    expect(localMetrics({ task, model: initialModel(task), dataset: oneClass })).toMatchObject({
      auc: null,
      accuracy: 1,
    });
  });
});

describe('code digest', () => {
  it('is a written SHA-256 and stable', async () => {
    expect(await builtinCodeDigest()).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await builtinCodeDigest()).toBe(await builtinCodeDigest());
  });
});
