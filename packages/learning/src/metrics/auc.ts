/**
 * Area under the ROC curve as a rank statistic (Mann and Whitney 1947; Hanley and McNeil 1982): the share of
 * (positive, negative) pairs ranked rightly, ties counted half. Null where a class is missing.
 */

/** From histograms of the scores of each class, bins ascending; pairs within one bin count half. */
export function aucFromHistograms(positives: readonly number[], negatives: readonly number[]): number | null {
  let positiveTotal = 0;
  let negativeTotal = 0;
  let ranked = 0;
  for (let bin = 0; bin < positives.length; bin++) {
    const positive = positives[bin] as number;
    const negative = negatives[bin] as number;
    ranked += positive * (negativeTotal + negative / 2);
    positiveTotal += positive;
    negativeTotal += negative;
  }
  return positiveTotal > 0 && negativeTotal > 0 ? ranked / (positiveTotal * negativeTotal) : null;
}

/** From the scores themselves; labels are 0 or 1. */
export function aucExact(scores: Float64Array, labels: Float64Array): number | null {
  const order = Int32Array.from(scores, (_, i) => i).sort((a, b) => (scores[a] as number) - (scores[b] as number));
  let positiveTotal = 0;
  let negativeTotal = 0;
  let ranked = 0;
  for (let i = 0; i < order.length; ) {
    const score = scores[order[i] as number] as number;
    let positive = 0;
    let negative = 0;
    for (; i < order.length && scores[order[i] as number] === score; i++) {
      if (labels[order[i] as number] === 1) positive++;
      else negative++;
    }
    ranked += positive * (negativeTotal + negative / 2);
    positiveTotal += positive;
    negativeTotal += negative;
  }
  return positiveTotal > 0 && negativeTotal > 0 ? ranked / (positiveTotal * negativeTotal) : null;
}

/** Bin of a probability in 0..1: equal widths, 1 falls into the last one. */
export function scoreBin(probability: number, bins: number): number {
  return Math.min(bins - 1, Math.max(0, Math.floor(probability * bins)));
}
