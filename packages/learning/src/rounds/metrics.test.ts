import { describe, expect, it } from 'vitest';
import { parseTask } from '../task/schema.ts';
import { stageAux } from '../task/stages.ts';
import { smallTask } from '../task/task.fixture.ts';
import { metricSums, roundMetrics, type Scores } from './metrics.ts';

const task = parseTask(smallTask);
const scores = (predictions: number[], labels: number[]): Scores => ({
  predictions: Float64Array.from(predictions),
  labels: Float64Array.from(labels),
});
const none = scores([], []);

/** What the coordinator sees: sums over tenants. */
function add(...tenants: Record<string, number[]>[]): Record<string, number[]> {
  const names = Object.keys(tenants[0] as object);
  return Object.fromEntries(
    names.map((name) => [
      name,
      (tenants[0]?.[name] ?? []).map((_, i) => tenants.reduce((sum, t) => sum + (t[name]?.[i] ?? 0), 0)),
    ]),
  );
}

describe('metrics of a round', () => {
  it('fill exactly the aux items of the stage', () => {
    const items = stageAux(task, 'evaluate').map(({ name, len = 1 }) => [name, len]);
    const sums = metricSums(task, scores([0.5], [1]), scores([0.5], [0]));
    expect(Object.entries(sums).map(([name, values]) => [name, values.length])).toEqual(items);
  });

  it('from sums over two tenants are those of their rows together', () => {
    const one = metricSums(task, scores([0.5, 0.5], [0, 1]), scores([0.95, 0.15], [1, 0]));
    const two = metricSums(task, scores([0.25], [0]), scores([0.35, 0.65, 0.25], [0, 0, 1]));
    const { train, test } = roundMetrics(task, add(one, two));
    expect(train.rows).toBe(3);
    expect(train.loss).toBeCloseTo((2 * Math.LN2 - Math.log(0.75)) / 3, 12);
    expect(test).toMatchObject({ rows: 5, accuracy: 3 / 5, baseRate: 3 / 5, rmse: null });
    expect(test.auc).toBeCloseTo(4 / 6, 12);
  });

  it('are n/a without rows, and AUC with one class', () => {
    expect(roundMetrics(task, metricSums(task, none, none)).test).toEqual({
      rows: 0,
      loss: null,
      accuracy: null,
      baseRate: null,
      auc: null,
      rmse: null,
    });
    expect(roundMetrics(task, metricSums(task, none, scores([0.4], [1]))).test.auc).toBeNull();
  });

  it('cap the loss of a row, so that no sum is clamped in the ring', () => {
    expect(metricSums(task, none, scores([0], [1])).testLoss).toEqual([64]);
  });

  it('give the root mean squared error of a linear model in units of its label', () => {
    const linear = parseTask({ ...smallTask, kind: 'linear', label: { name: 'cost', min: 0, max: 10 } });
    const sums = metricSums(linear, none, scores([3, 5], [0, 1]));
    expect(roundMetrics(linear, sums).test.rmse).toBeCloseTo(Math.sqrt((9 + 16) / 2), 12);
  });
});
