import type { Scores } from '../rounds/metrics.ts';

/**
 * How sure an AUC is, without assuming a shape of the scores: DeLong, DeLong and Clarke-Pearson, "Comparing the areas under
 * two or more correlated receiver operating characteristic curves", Biometrics 44 (1988); the placements are computed by
 * mid-ranks as in Sun and Xu, IEEE Signal Processing Letters 21 (2014). Rows are taken as independent draws.
 */

/** An estimate with its two-sided 95 % interval, estimate ± 1.96 standard errors. */
export interface Interval {
  readonly value: number;
  readonly standardError: number;
  readonly low: number;
  readonly high: number;
}

const Z95 = 1.959963984540054;

/** AUC with its interval, cut to 0..1; null with fewer than two rows of either class, where no variance exists. */
export function aucInterval(scores: Scores): Interval | null {
  const placed = placements(scores);
  if (!placed) return null;
  const { value, low, high, standardError } = interval(placed.auc, covariance(placed, placed));
  return { value, standardError, low: Math.max(0, low), high: Math.min(1, high) };
}

/** AUC of `first` minus AUC of `second`, two models on the same rows in the same order; null as above. */
export function aucDifference(first: Scores, second: Scores): Interval | null {
  if (first.labels.length !== second.labels.length || first.labels.some((label, row) => label !== second.labels[row]))
    throw new RangeError('The two models are scored on different rows.');
  const [a, b] = [placements(first), placements(second)];
  if (!a || !b) return null;
  return interval(a.auc - b.auc, covariance(a, a) + covariance(b, b) - 2 * covariance(a, b));
}

/** Of each positive row the share of negatives below it, of each negative row the share of positives above it. */
interface Placements {
  readonly auc: number;
  readonly positives: Float64Array;
  readonly negatives: Float64Array;
}

function placements({ predictions, labels }: Scores): Placements | null {
  const above = predictions.filter((_, row) => labels[row] === 1);
  const below = predictions.filter((_, row) => labels[row] !== 1);
  if (above.length < 2 || below.length < 2) return null;
  const all = new Float64Array([...above, ...below]);
  const [ranks, ownAbove, ownBelow] = [midRanks(all), midRanks(above), midRanks(below)];
  const positives = above.map((_, i) => (ranks[i]! - ownAbove[i]!) / below.length);
  const negatives = below.map((_, j) => 1 - (ranks[above.length + j]! - ownBelow[j]!) / above.length);
  return { auc: mean(positives), positives, negatives };
}

function covariance(a: Placements, b: Placements): number {
  return (
    sampleCovariance(a.positives, b.positives) / a.positives.length +
    sampleCovariance(a.negatives, b.negatives) / a.negatives.length
  );
}

function interval(value: number, variance: number): Interval {
  const standardError = Math.sqrt(Math.max(0, variance));
  return { value, standardError, low: value - Z95 * standardError, high: value + Z95 * standardError };
}

/** Ranks from 1; equal values share the mean of theirs. */
function midRanks(values: Float64Array): Float64Array {
  const order = Int32Array.from(values, (_, i) => i).sort((i, j) => values[i]! - values[j]!);
  const ranks = new Float64Array(values.length);
  for (let from = 0, to = 0; from < order.length; from = to) {
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) ranks[order[i]!] = (from + 1 + to) / 2;
  }
  return ranks;
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function sampleCovariance(a: Float64Array, b: Float64Array): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  const products = a.reduce((sum, value, i) => sum + (value - meanA) * (b[i]! - meanB), 0);
  return products / (a.length - 1);
}
