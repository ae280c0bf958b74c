import type { ParseArgsOptionsConfig } from 'node:util';

/** One measured quantity over all its samples. */
export interface Result {
  readonly name: string;
  /** `s` or `ms` of wall time, `cpu s` of processor time, or what a suite counts. */
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface Measured {
  readonly results: readonly Result[];
  /** Figures without a unit that a suite is judged by. */
  readonly ratios: Readonly<Record<string, number>>;
}

export interface SuiteContext {
  /** Values of the suite's own options, as `parseArgs` gives them. */
  readonly values: Readonly<Record<string, unknown>>;
  /** One line of progress, at most 80 columns. */
  tell(line: string): void;
  /** Registers what a signal must undo before the process ends. */
  onStop(stop: () => Promise<void>): void;
}

/** An option of a suite has a value that it does not take. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A suite is one file in `suites/`, entered in `suites/index.ts`. */
export interface Suite {
  /** One line for `--help`. */
  readonly about: string;
  readonly options: ParseArgsOptionsConfig;
  run(context: SuiteContext): Promise<Measured>;
}

/** @param samples at least one, in any order; the median of an even number is the mean of the two in the middle */
export function resultOf(name: string, unit: string, samples: readonly number[]): Result {
  if (samples.length === 0) throw new Error(`there is no sample of ${name}`);
  const sorted = samples.toSorted((a, b) => a - b);
  return { name, unit, median: medianOf(sorted), min: sorted[0]!, max: sorted.at(-1)! };
}

/** @param samples at least one */
export function medianOf(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}
