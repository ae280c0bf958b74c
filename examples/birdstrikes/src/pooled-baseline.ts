import type { Scores, TrainTask } from '@sumveil/learning';
import { csvDataset, type Dataset, type LocalMetrics, loneBaseline, loneScores, poolDatasets } from '@sumveil/trainers';
import { birdstrikesStages } from './plan.ts';

/**
 * Centralised training on all airlines' train rows: same model, start, learning rate and number of steps, scored on the union of all
 * test rows. Only the demo may compute it, because only the demo may read all folders.
 */
export function pooledBaseline(task: TrainTask, datasets: readonly Dataset[]): Promise<LocalMetrics> {
  return loneBaseline({ task, stages: birdstrikesStages(task), dataset: poolDatasets(datasets) });
}

export interface PooledScores {
  /** On the union of all test rows. */
  readonly together: Scores;
  /** The same predictions, each airline's own test rows apart, in the order of the datasets. */
  readonly each: readonly Scores[];
}

/** Both views of the pooled model. */
export async function pooledScores(
  task: TrainTask,
  datasets: readonly Dataset[],
  rounds?: number,
): Promise<PooledScores> {
  const stages = birdstrikesStages(task, rounds);
  const together = await loneScores({ task, stages, dataset: poolDatasets(datasets) });
  let from = 0;
  const each = datasets.map(({ test }) => {
    const to = from + test.rows;
    const own = { predictions: together.predictions.slice(from, to), labels: together.labels.slice(from, to) };
    from = to;
    return own;
  });
  return { together, each };
}

/** Paths to datasets, in their order. */
export function readDatasets(task: TrainTask, paths: readonly string[]): Promise<Dataset[]> {
  return Promise.all(paths.map((path) => csvDataset(path, task)));
}
