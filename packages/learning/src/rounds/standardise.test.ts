import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTask } from '../task/schema.ts';
import { stageAux } from '../task/stages.ts';
import { smallTask } from '../task/task.fixture.ts';
import { localMoments, momentSums, momentsFromSums, standardised } from './standardise.ts';

const task = parseTask({
  ...smallTask,
  features: [{ name: 'speed', kind: 'numeric', min: -100, max: 500, missing: 'mean' }],
});
const cell = fc.oneof(
  { weight: 9, arbitrary: fc.double({ min: -100, max: 500, noNaN: true }) },
  fc.constant(Number.NaN),
);
const tenant = fc.array(cell, { minLength: 2, maxLength: 40 }).map((values) => Float64Array.from(values));

/** Fixed point as on the wire: each tenant's sum rounded to a multiple of 2^-scaleLog2. */
function summed(tenants: Float64Array[]): Record<string, number[]> {
  const total: Record<string, number[]> = {};
  for (const { name, scaleLog2 = 0 } of stageAux(task, 'statistics')) {
    const scale = 2 ** scaleLog2;
    total[name] = [0];
    for (const x of tenants) {
      const value = momentSums(task, x, x.length)[name]?.[0] as number;
      total[name] = [(total[name]?.[0] as number) + Math.round(value * scale) / scale];
    }
  }
  return total;
}

describe('standardisation', () => {
  it('from fixed-point sums over tenants equals the moments of all their rows', () => {
    fc.assert(
      fc.property(fc.array(tenant, { minLength: 2, maxLength: 5 }), (tenants) => {
        const all = Float64Array.from(tenants.flatMap((x) => [...x]));
        const values = all.filter((value) => !Number.isNaN(value));
        fc.pre(values.length > 1);
        const exact = localMoments(task, all, all.length);
        fc.pre((exact.std[0] as number) > 1);
        const found = momentsFromSums(task, summed(tenants));
        expect(found.mean[0]).toBeCloseTo(exact.mean[0] as number, 5);
        expect((found.std[0] as number) / (exact.std[0] as number)).toBeCloseTo(1, 3);
      }),
    );
  });

  it('gives a constant column std 1 instead of dividing by rounding noise', () => {
    const x = new Float64Array(50).fill(123.4);
    expect(momentsFromSums(task, summed([x, x])).std[0]).toBe(1);
  });

  it('puts an empty cell at the mean', () => {
    const out = standardised(task, Float64Array.of(10, Number.NaN, 30), {
      mean: Float64Array.of(20),
      std: Float64Array.of(5),
    });
    expect(out).toEqual(Float64Array.of(-2, 0, 2));
  });

  it('divides by std + epsilon, with ddof 1 where the plan says so', () => {
    const local = parseTask({ ...task, standardise: { mode: 'local', columns: 'all', ddof: 1, epsilon: 0.5 } });
    const x = Float64Array.of(1, 2, 3);
    const moments = localMoments(local, x, 3);
    expect([moments.mean[0], moments.std[0]]).toEqual([2, 1]);
    expect(standardised(local, x, moments)).toEqual(Float64Array.of(-1 / 1.5, 0, 1 / 1.5));
  });

  it('leaves category columns alone with columns: numeric', () => {
    const numeric = parseTask({ ...smallTask, standardise: { mode: 'global', columns: 'numeric' } });
    expect(stageAux(numeric, 'statistics').map(({ len }) => len)).toEqual([1, 1, 1]);
    const sums = momentsFromSums(numeric, { featureCount: [2], featureSum: [0], featureSquares: [2] });
    expect([...sums.mean]).toEqual([200, 0, 0]);
    expect([...sums.std]).toEqual([200, 1, 1]);
  });

  it('refuses sums of another length', () => {
    expect(() => momentsFromSums(task, { featureCount: [1], featureSum: [1, 2], featureSquares: [1] })).toThrow(
      /featureSum/,
    );
  });
});
