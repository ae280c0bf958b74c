import { describe, expect, it } from 'vitest';
import { readModel } from '../safetensors.ts';
import { initialModel, modelTensors } from '../task/model.ts';
import { parseTask } from '../task/schema.ts';
import { evaluateStage, statisticsStage, trainStage } from '../task/stages.ts';
import { smallTask } from '../task/task.fixture.ts';
import { flatten } from '../tensor.ts';
import { applyAggregate } from './apply-aggregate.ts';
import { auxSums } from './aux-sums.ts';

const task = parseTask(smallTask);
const model = initialModel(task);
const weights = (bytes: Uint8Array): number[] => [...flatten(readModel(bytes), modelTensors(task))];

describe('artifact after a round', () => {
  it('FedAvg adds the mean update and keeps the preprocessing', () => {
    const statistics = { featureCount: [4, 4, 4], featureSum: [2, 0, 0], featureSquares: [4, 4, 4] };
    const stage = statisticsStage(task);
    const first = applyAggregate({ task, stage, model, meanUpdate: new Float64Array(0), aux: statistics });
    expect(readModel(first).tensors.get('feature.mean')?.data[0]).toBe(300);
    expect(weights(first)).toEqual([0, 0, 0, 0]);
    const meanUpdate = Float64Array.of(1, -2, 0.5, 0);
    const second = applyAggregate({ task, stage: trainStage(task, 1), model: first, meanUpdate, aux: {} });
    expect(weights(second)).toEqual([1, -2, 0.5, 0]);
    expect(readModel(second).tensors.get('feature.mean')).toEqual(readModel(first).tensors.get('feature.mean'));
  });

  it('FedSGD multiplies by the learning rate of the plan', () => {
    const sgd = parseTask({ ...smallTask, localSteps: 1, strategy: { name: 'fedsgd' } });
    const meanUpdate = Float64Array.of(1, -2, 0.5, 0);
    const next = applyAggregate({ task: sgd, stage: trainStage(sgd, 1), model, meanUpdate, aux: {} });
    expect(weights(next)).toEqual([0.5, -1, 0.25, 0]);
  });

  it('is the same bytes after an evaluation', () => {
    expect(applyAggregate({ task, stage: evaluateStage(task), model, meanUpdate: new Float64Array(0), aux: {} })).toBe(
      model,
    );
  });

  it('is refused when the update has another length or is not finite', () => {
    const input = { task, stage: trainStage(task, 1), model, aux: {} };
    expect(() => applyAggregate({ ...input, meanUpdate: new Float64Array(3) })).toThrow(/3 elements/);
    expect(() => applyAggregate({ ...input, meanUpdate: new Float64Array(4).fill(Number.NaN) })).toThrow(/not finite/);
  });
});

describe('aux sums', () => {
  const items = [
    { name: 'rows', kind: 'count' as const, max: '9' },
    { name: 'loss', kind: 'sum' as const, len: 2, scaleLog2: 4, max: '99' },
  ];

  it('are divided by their scale', () => {
    const integers = new Map([
      ['rows', [7n]],
      ['loss', [-8n, 40n]],
    ]);
    expect(auxSums(items, integers)).toEqual({ rows: [7], loss: [-0.5, 2.5] });
  });

  it('must all be there', () => {
    expect(() => auxSums(items, new Map([['rows', [7n]]]))).toThrow(/loss/);
  });
});
