import { describe, expect, it } from 'vitest';
import { seededRandom } from '../random.ts';
import { flatLength } from '../tensor.ts';
import type { Batch, ModelKind } from './kind.ts';
import { linear } from './linear.ts';
import { logistic } from './logistic.ts';
import { mlp } from './mlp.ts';
import { addRidge } from './ridge.ts';

const WIDTH = 4;
const ROWS = 9;

const kinds: [string, ModelKind, boolean][] = [
  ['linear', linear(WIDTH), false],
  ['logistic', logistic(WIDTH), true],
  ['mlp tanh', mlp(WIDTH, [5], 'tanh'), true],
  ['mlp tanh, two hidden layers', mlp(WIDTH, [5, 3], 'tanh'), true],
  ['mlp relu', mlp(WIDTH, [6], 'relu'), true],
];

describe.each(kinds)('gradient of %s', (name, kind, binary) => {
  const random = seededRandom(7, name);
  const draw = (): number => 2 * random.uniform() - 1;
  const batch: Batch = {
    rows: ROWS,
    x: Float64Array.from({ length: ROWS * WIDTH }, draw),
    y: Float64Array.from({ length: ROWS }, () => (binary ? random.below(2) : draw())),
  };
  const parameters = Float64Array.from({ length: flatLength(kind.tensors) }, draw);
  const index = Int32Array.of(0, 2, 3, 5, 8);
  const lossAt = (p: Float64Array): number => {
    const gradient = new Float64Array(p.length);
    return kind.lossGradient(p, batch, index, gradient) + addRidge(kind.tensors, p, gradient, 0.3);
  };

  it('equals central differences, ridge included', () => {
    const gradient = new Float64Array(parameters.length);
    kind.lossGradient(parameters, batch, index, gradient);
    addRidge(kind.tensors, parameters, gradient, 0.3);
    const h = 1e-6;
    parameters.forEach((value, i) => {
      const up = parameters.with(i, value + h);
      const down = parameters.with(i, value - h);
      expect(gradient[i]).toBeCloseTo((lossAt(up) - lossAt(down)) / (2 * h), 7);
    });
  });

  it('uses the rows of the index only', () => {
    const other: Batch = { ...batch, x: Float64Array.from(batch.x), y: batch.y };
    other.x.fill(99, WIDTH, 2 * WIDTH);
    const [one, two] = [new Float64Array(parameters.length), new Float64Array(parameters.length)];
    expect(kind.lossGradient(parameters, other, index, one)).toBe(kind.lossGradient(parameters, batch, index, two));
    expect(one).toEqual(two);
  });

  it('predicts what the loss is made of', () => {
    const out = new Float64Array(ROWS);
    kind.predict(parameters, batch, out);
    const losses = Array.from(index, (row) => {
      const [p, y] = [out[row] as number, batch.y[row] as number];
      return binary ? -Math.log(y === 1 ? p : 1 - p) : 0.5 * (p - y) ** 2;
    });
    const loss = kind.lossGradient(parameters, batch, index, new Float64Array(parameters.length));
    expect(loss).toBeCloseTo(losses.reduce((a, b) => a + b) / index.length, 12);
  });
});

describe('saturated logistic', () => {
  it('keeps loss and gradient finite', () => {
    const gradient = new Float64Array(2);
    const batch = { rows: 2, x: Float64Array.of(1000, -1000), y: Float64Array.of(0, 1) };
    expect(logistic(1).lossGradient(Float64Array.of(5, 0), batch, Int32Array.of(0, 1), gradient)).toBe(5000);
    expect(gradient).toEqual(Float64Array.of(1000, 0));
  });
});
