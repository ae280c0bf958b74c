/** Ratios of securely summed numbers; null (shown as n/a) where there is nothing to divide by. */

/** Rightly classified rows / rows, at threshold one half. */
export function accuracy(correct: number, rows: number): number | null {
  return rows > 0 ? correct / rows : null;
}

/** Mean loss per row: nats for binary kinds, squared error for linear. */
export function meanLoss(sum: number, rows: number): number | null {
  return rows > 0 ? sum / rows : null;
}

/** Root of the mean squared error, in units of the label. */
export function rootMeanSquare(sum: number, rows: number): number | null {
  return rows > 0 ? Math.sqrt(sum / rows) : null;
}
