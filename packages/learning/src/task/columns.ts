import type { TrainTask } from './schema.ts';

/** One column of the design matrix, in the order of the plan's features. */
export interface Column {
  /** `speed`, or `phase=Climb` for a category. */
  readonly name: string;
  /** Index into `task.features`. */
  readonly feature: number;
  /** Middle and half width of the public range: the statistics stage sums (x - centre) / half, which lies in [-1, 1]. */
  readonly centre: number;
  readonly half: number;
  readonly standardised: boolean;
}

export function designColumns(task: TrainTask): Column[] {
  const { mode, columns } = task.standardise;
  return task.features.flatMap((feature, index) => {
    if (feature.kind === 'numeric') {
      const centre = feature.min / 2 + feature.max / 2;
      const half = feature.max / 2 - feature.min / 2;
      return [{ name: feature.name, feature: index, centre, half, standardised: mode !== 'none' }];
    }
    const standardised = mode !== 'none' && columns === 'all';
    return feature.categories.map((category) => ({
      name: `${feature.name}=${category}`,
      feature: index,
      centre: 0.5,
      half: 0.5,
      standardised,
    }));
  });
}

/** Places, in the design matrix, of the columns that the statistics stage sums (mode `global`). */
export function summedColumns(task: TrainTask): number[] {
  return designColumns(task).flatMap((column, place) => (column.standardised ? [place] : []));
}
