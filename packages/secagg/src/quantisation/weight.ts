import { SecaggError } from '../error.ts';

/**
 * Weight of a tenant (section 12): with size classes the largest class not above its rows, or the smallest; else its rows.
 * Classes keep row counts out of differences between rounds (section 13).
 *
 * @param max weightMax of the plan
 * @param classes of the plan file, ascending
 * @throws SecaggError `INPUT` for a tenant without rows, or with too many for an exact weight
 */
export function weightOf(rows: number, max: number, classes?: readonly number[]): number {
  if (!Number.isSafeInteger(rows) || rows < 1) {
    throw new SecaggError('INPUT', 'A tenant without rows cannot take part in a weighted sum. Sit this job out.');
  }
  if (classes !== undefined) return classes.findLast((size) => size <= rows) ?? classes[0]!;
  if (rows > max) {
    throw new SecaggError(
      'INPUT',
      'There are more rows than the largest weight of the plan. Ask for size classes or a larger max.',
    );
  }
  return rows;
}
