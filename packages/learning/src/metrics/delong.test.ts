import { describe, expect, it } from 'vitest';
import { seededRandom } from '../random.ts';
import type { Scores } from '../rounds/metrics.ts';
import { aucExact } from './auc.ts';
import { aucDifference, aucInterval } from './delong.ts';

function scoresOf(positives: readonly number[], negatives: readonly number[]): Scores {
  const labels = [...positives.map(() => 1), ...negatives.map(() => 0)];
  return { predictions: Float64Array.from([...positives, ...negatives]), labels: Float64Array.from(labels) };
}

const repeat = (counts: readonly number[]) => counts.flatMap((count, rating) => new Array<number>(count).fill(rating));

describe('DeLong', () => {
  it('gives area, standard error and interval that are published for the ratings of Hanley and McNeil (1982)', () => {
    // 109 CT images rated 1 to 5, 51 abnormal and 58 normal; W = 0.893. The other three as printed by Stata's `roctab`.
    const ct = scoresOf(repeat([3, 2, 2, 11, 33]), repeat([33, 6, 6, 11, 2]));
    const { value, standardError, low, high } = aucInterval(ct)!;
    expect(value).toBeCloseTo(0.8932, 4);
    expect(standardError).toBeCloseTo(0.0307, 4);
    expect(low).toBeCloseTo(0.83295, 5);
    expect(high).toBeCloseTo(0.95339, 5);
  });

  it('agrees with a calculation by hand', () => {
    // Placements of 3, 2, 2 over 1, 2: 1, .75, .75; of 1, 2: 1, (1 + .5 + .5)/3. Variances 1/48 and 1/18, over 3 and over 2.
    const { value, standardError } = aucInterval(scoresOf([3, 2, 2], [1, 2]))!;
    expect(value).toBeCloseTo(5 / 6, 12);
    expect(standardError ** 2).toBeCloseTo(1 / 48 / 3 + 1 / 18 / 2, 12);
  });

  it('is sure of a perfect ranking, stays within 0..1, and says nothing about a class of one row', () => {
    expect(aucInterval(scoresOf([3, 4], [1, 2]))).toEqual({ value: 1, standardError: 0, low: 1, high: 1 });
    expect(aucInterval(scoresOf([3, 4, 1.5], [1, 2]))!.high).toBe(1);
    expect(aucInterval(scoresOf([3], [1, 2]))).toBeNull();
    expect(aucInterval(scoresOf([], [1, 2]))).toBeNull();
  });

  it('has the area of the rank statistic, and a standard error near that of the bootstrap', () => {
    const random = seededRandom(1, 'delong');
    const draw = (shift: number) => Math.round(10 * (random.uniform() + random.uniform() + shift)) / 10;
    const [positives, negatives] = [
      Array.from({ length: 40 }, () => draw(0.3)),
      Array.from({ length: 90 }, () => draw(0)),
    ];
    const scores = scoresOf(positives, negatives);
    const { value, standardError } = aucInterval(scores)!;
    expect(value).toBeCloseTo(aucExact(scores.predictions, scores.labels)!, 12);
    const again = (values: number[]) => values.map(() => values[random.below(values.length)]!);
    const areas = Array.from({ length: 1000 }, () => {
      const { predictions, labels } = scoresOf(again(positives), again(negatives));
      return aucExact(predictions, labels)!;
    });
    const mean = areas.reduce((a, b) => a + b) / areas.length;
    const spread = Math.sqrt(areas.reduce((sum, area) => sum + (area - mean) ** 2, 0) / areas.length);
    expect(Math.abs(standardError / spread - 1)).toBeLessThan(0.12);
  });

  it('takes into account that two models are scored on the same rows', () => {
    const [positives, negatives] = [
      [0.9, 0.8, 0.4, 0.7, 0.3],
      [0.2, 0.5, 0.1, 0.35, 0.6, 0.15],
    ];
    const first = scoresOf(positives, negatives);
    const second = scoresOf(
      positives.map((score, i) => score + (i % 2 ? 0.15 : -0.15)),
      negatives,
    );
    expect(aucDifference(first, first)).toMatchObject({ value: 0, standardError: 0 });
    const paired = aucDifference(first, second)!;
    const [a, b] = [aucInterval(first)!, aucInterval(second)!];
    expect(paired.value).toBeCloseTo(a.value - b.value, 12);
    expect(paired.standardError).toBeLessThan(Math.hypot(a.standardError, b.standardError));
    expect(aucDifference(second, first)!.value).toBeCloseTo(-paired.value, 12);
    expect(() => aucDifference(first, scoresOf(negatives, positives))).toThrow(RangeError);
  });
});
