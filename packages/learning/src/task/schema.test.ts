import { describe, expect, it } from 'vitest';
import { parseTask } from './schema.ts';
import { smallTask } from './task.fixture.ts';

describe('task', () => {
  it('fills in defaults', () => {
    expect(parseTask(smallTask)).toMatchObject({
      dtype: 'F64',
      init: 'zeros',
      batch: 'full',
      l2: 0,
      allowOneClass: false,
      strategy: { name: 'fedavg', serverLearningRate: 1 },
      standardise: { mode: 'global', columns: 'all', ddof: 0, epsilon: 0 },
    });
  });

  it.each([
    ['an unknown field', { ...smallTask, learningrate: 1 }, 'task.learningrate: unknown field'],
    ['a field unknown further down', { ...smallTask, split: { testFraction: 0.2, seed: 1, by: 'x' } }, 'task.split'],
    ['no learning rate', { ...smallTask, learningRate: undefined }, 'task.learningRate'],
    ['a column used twice', { ...smallTask, label: { ...smallTask.label, name: 'speed' } }, 'task.features.0.name'],
    ['mean without standardisation', { ...smallTask, standardise: { mode: 'none' } }, 'task.features.0.missing'],
    ['a numeric label for logistic', { ...smallTask, label: { name: 'cost', min: 0, max: 1 } }, 'task.label'],
    [
      'classes that are equal',
      { ...smallTask, label: { name: 'd', positive: 'a', negative: 'a' } },
      'task.label.negative',
    ],
    ['hidden layers for logistic', { ...smallTask, hidden: [3] }, 'task.hidden'],
    ['an mlp from zero', { ...smallTask, kind: 'mlp', hidden: [3], activation: 'tanh' }, 'task.init'],
    ['fedsgd with many steps', { ...smallTask, strategy: { name: 'fedsgd' } }, 'task.strategy.name'],
    ['a learning rate that is no number', { ...smallTask, learningRate: Number.NaN }, 'task.learningRate'],
  ])('refuses %s and names the place', (_, value, path) => {
    expect(() => parseTask(value)).toThrow(
      expect.objectContaining({ code: 'TASK', message: expect.stringContaining(path) }),
    );
  });

  it('lists all faults at once', () => {
    const broken = { ...smallTask, learningRate: -1, localSteps: 0 };
    expect(() => parseTask(broken)).toThrow(/task\.localSteps.*\n.*task\.learningRate/);
  });
});
