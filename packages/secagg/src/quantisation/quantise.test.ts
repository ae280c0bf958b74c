import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { vectors } from '../testing/vectors.ts';
import { quantiseVector } from './quantise.ts';
import { roundHalfEven } from './rounding.ts';
import { weightOf } from './weight.ts';

const file = vectors('quantisation');
const input = expect.objectContaining({ code: 'INPUT' });

interface Pipeline {
  name: string;
  x: number[];
  clipQ: number;
  scaleLog2: number;
  linfQ: number;
  weight?: number;
  weightMax?: number;
  nearest: number[];
}

describe('rounding', () => {
  it.each(file.nearest as { x: number; scaleLog2: number; q: number }[])(
    'of $x at 2^$scaleLog2',
    ({ x, scaleLog2, q }) => {
      const rounded = roundHalfEven(x * 2 ** scaleLog2);
      expect(rounded).toBe(q === 0 ? 0 : q);
      expect(Object.is(rounded, -0)).toBe(false);
    },
  );

  it('goes to the even neighbour for every half and to the nearest integer otherwise', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 51), max: 2 ** 51 }), (n) => {
        expect(roundHalfEven(n + 0.5) % 2 === 0).toBe(true);
        expect(roundHalfEven(n)).toBe(n);
      }),
    );
    expect(roundHalfEven(2 ** 51 + 0.5)).toBe(2 ** 51);
    expect(roundHalfEven(2 ** 51 + 1.5)).toBe(2 ** 51 + 2);
    expect(roundHalfEven(2 ** 60)).toBe(2 ** 60);
  });
});

describe('model vector', () => {
  it.each(file.pipeline as Pipeline[])(
    'goes through section 12: $name',
    ({ x, weight, weightMax, nearest, ...quantiser }) => {
      const weighted = weight === undefined ? undefined : { weight, weightMax: weightMax! };
      const vector = quantiser.scaleLog2 === 16 && x.length === 24 ? Float32Array.from(x) : Float64Array.from(x);
      expect([...quantiseVector(quantiser, vector, weighted)]).toEqual(nearest);
    },
  );

  const quantiser = { clipQ: 4096, linfQ: 4096, scaleLog2: 10 };

  it.each([
    ['NaN', Float64Array.of(1, Number.NaN)],
    ['Infinity', Float64Array.of(Number.POSITIVE_INFINITY)],
    ['-Infinity', Float32Array.of(Number.NEGATIVE_INFINITY)],
    ['a norm that is not finite', Float64Array.of(1e200, 1e200)],
    ['another type', Int32Array.of(1) as unknown as Float32Array],
    ['a plain array', [1] as unknown as Float32Array],
  ])('refuses %s', (_, vector) => {
    expect(() => quantiseVector(quantiser, vector)).toThrow(input);
  });

  it.each([0, 65, 1.5, Number.NaN])('refuses weight %d', (weight) => {
    expect(() => quantiseVector(quantiser, Float64Array.of(1), { weight, weightMax: 64 })).toThrow(input);
  });
});

describe('weight', () => {
  const { classes, rows } = file.weightClass;

  it.each(rows as { rows: number; weight: number | null }[])('of $rows rows is $weight', ({ rows: count, weight }) => {
    if (weight === null) expect(() => weightOf(count, 4096, classes)).toThrow(input);
    else expect(weightOf(count, 4096, classes)).toBe(weight);
  });

  it('is the number of rows without classes, up to the maximum', () => {
    expect(weightOf(7, 10)).toBe(7);
    expect(() => weightOf(11, 10)).toThrow(input);
    expect(() => weightOf(0, 10)).toThrow(input);
  });
});
