import type { TrainTask } from '@sumveil/learning';
import { csvDataset, type Dataset, type LocalMetrics, loneBaseline, poolDatasets } from '@sumveil/trainers';
import { birdstrikesStages } from './plan.ts';

/**
 * Centralised training on all airlines' train rows: same model, start, learning rate and number of steps, scored on the union of all
 * test rows. Only the demo may compute it, because only the demo may read ten folders.
 */
export function pooledBaseline(task: TrainTask, datasets: readonly Dataset[]): Promise<LocalMetrics> {
  return loneBaseline({ task, stages: birdstrikesStages(task), dataset: poolDatasets(datasets) });
}

export interface PooledScores {
  /** On the union of all test rows. */
  readonly together: LocalMetrics;
  /** The same pooled model on each airline's own test rows, in the order of the paths. */
  readonly each: readonly LocalMetrics[];
}

/** Both views of the pooled model, from the paths of the ten files. */
export async function pooledScores(task: TrainTask, paths: readonly string[]): Promise<PooledScores> {
  const datasets = await Promise.all(paths.map((path) => csvDataset(path, task)));
  const pooled = poolDatasets(datasets);
  const stages = birdstrikesStages(task);
  const scored = (dataset: Dataset) => loneBaseline({ task, stages, dataset });
  const each: LocalMetrics[] = [];
  for (const { test } of datasets) each.push(await scored({ ...pooled, test }));
  return { together: await scored(pooled), each };
}
