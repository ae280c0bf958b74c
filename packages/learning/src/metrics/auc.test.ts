import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aucExact, aucFromHistograms, scoreBin } from './auc.ts';

const labelled = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 1 })), {
  maxLength: 30,
});

/** By definition: every pair looked at. */
function pairs(rows: readonly (readonly [number, number])[]): number | null {
  const [positives, negatives] = [rows.filter(([, y]) => y === 1), rows.filter(([, y]) => y === 0)];
  if (positives.length === 0 || negatives.length === 0) return null;
  let ranked = 0;
  for (const [p] of positives) for (const [n] of negatives) ranked += p > n ? 1 : p === n ? 0.5 : 0;
  return ranked / (positives.length * negatives.length);
}

function histogram(rows: readonly (readonly [number, number])[], label: number, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const [score, y] of rows)
    if (y === label) counts[scoreBin(score, bins)] = (counts[scoreBin(score, bins)] ?? 0) + 1;
  return counts;
}

describe('AUC', () => {
  it('is the share of rightly ranked pairs, ties half', () => {
    fc.assert(
      fc.property(labelled, (rows) => {
        const scores = Float64Array.from(rows, ([score]) => score);
        const labels = Float64Array.from(rows, ([, label]) => label);
        expectSame(aucExact(scores, labels), pairs(rows));
      }),
    );
  });

  it('from summed histograms is the exact one of the binned scores of all tenants together', () => {
    fc.assert(
      fc.property(labelled, labelled, (one, two) => {
        const bins = 8;
        const sum = (label: number): number[] => {
          const other = histogram(two, label, bins);
          return histogram(one, label, bins).map((count, i) => count + (other[i] as number));
        };
        const binned = [...one, ...two].map(([score, label]) => [scoreBin(score, bins), label] as const);
        expectSame(aucFromHistograms(sum(1), sum(0)), pairs(binned));
      }),
    );
  });

  it('is not defined with one class', () => {
    expect(aucExact(Float64Array.of(0.2, 0.4), Float64Array.of(1, 1))).toBeNull();
    expect(aucFromHistograms([0, 3], [0, 0])).toBeNull();
  });

  it('puts probability 1 into the last bin', () => {
    expect([scoreBin(0, 10), scoreBin(0.999, 10), scoreBin(1, 10)]).toEqual([0, 9, 9]);
  });
});

function expectSame(found: number | null, wanted: number | null): void {
  if (wanted === null) expect(found).toBeNull();
  else expect(found).toBeCloseTo(wanted, 12);
}
