import { type Simulation, simulate } from '@sumveil/example-simulation';
import type { TrainTask } from '@sumveil/learning';
import { type Dataset, localMetrics, loneBaseline, poolDatasets, tableDataset } from '@sumveil/trainers';
import type { Airline } from './airlines.ts';
import { BIRDSTRIKES_AGGREGATION, birdstrikesStages } from './plan.ts';
import { pooledBaseline } from './pooled-baseline.ts';
import { COLUMNS, strikeRow } from './strike-row.ts';
import { birdstrikesTask } from './task.ts';

/** AUC of one split seed. */
export interface Comparison {
  /** Federated model, all test rows, from the summed histograms of the evaluation round: what the coordinator sees. */
  readonly federated: number;
  /** The same from raw scores. */
  readonly federatedExact: number;
  /** Centralised model, the same test rows. */
  readonly pooled: number;
  /** Mean over airlines of the lone model, each on its own test rows. */
  readonly loneMean: number;
  /** Mean over airlines of the federated model, each on its own test rows. */
  readonly federatedMean: number;
}

/** The whole experiment in one process, with the product's trainer, quantisation and server step. */
export async function compareSeed(
  airlines: readonly Airline[],
  seed: number,
  survives?: Simulation['survives'],
): Promise<Comparison> {
  const task = birdstrikesTask(seed);
  const datasets = airlineDatasets(airlines, task);
  const stages = birdstrikesStages(task);
  const aggregation = BIRDSTRIKES_AGGREGATION;
  const { model, metrics } = await simulate({ task, stages, aggregation, datasets, ...(survives && { survives }) });
  const lone = await Promise.all(datasets.map((dataset) => loneBaseline({ task, stages, dataset })));
  const local = datasets.map((dataset) => localMetrics({ task, model, dataset }));
  return {
    federated: metrics.at(-1)?.metrics.test.auc as number,
    federatedExact: localMetrics({ task, model, dataset: poolDatasets(datasets) }).auc as number,
    pooled: (await pooledBaseline(task, datasets)).auc as number,
    loneMean: mean(lone.map(({ auc }) => auc as number)),
    federatedMean: mean(local.map(({ auc }) => auc as number)),
  };
}

export function airlineDatasets(airlines: readonly Airline[], task: TrainTask): Dataset[] {
  return airlines.map(({ records, slug }) =>
    tableDataset({ columns: COLUMNS, rows: records.map(strikeRow) }, task, slug),
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
