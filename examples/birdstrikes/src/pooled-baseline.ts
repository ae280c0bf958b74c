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

/** The same from the paths of the ten files. */
export async function pooledBaselineOf(task: TrainTask, paths: readonly string[]): Promise<LocalMetrics> {
  return pooledBaseline(task, await Promise.all(paths.map((path) => csvDataset(path, task))));
}
