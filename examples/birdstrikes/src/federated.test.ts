import { simulate } from '@sumveil/example-simulation';
import { type Dataset, localMetrics, loneBaseline, poolDatasets, tableDataset } from '@sumveil/trainers';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Airline, readAirlines } from './airlines.ts';
import { BIRDSTRIKES_AGGREGATION, birdstrikesStages } from './plan.ts';
import { pooledBaseline } from './pooled-baseline.ts';
import { COLUMNS, strikeRow } from './strike-row.ts';
import { birdstrikesTask, SPLIT_SEED } from './task.ts';

let airlines: Airline[];

beforeAll(async () => {
  airlines = await readAirlines();
});

interface Comparison {
  federated: number;
  exact: number;
  pooled: number;
  loneMean: number;
  federatedMean: number;
}

async function compare(seed: number): Promise<Comparison> {
  const task = birdstrikesTask(seed);
  const datasets: Dataset[] = airlines.map(({ records, slug }) =>
    tableDataset({ columns: COLUMNS, rows: records.map(strikeRow) }, task, slug),
  );
  const stages = birdstrikesStages(task);
  const { model, metrics } = await simulate({ task, stages, aggregation: BIRDSTRIKES_AGGREGATION, datasets });
  const lone = await Promise.all(datasets.map((dataset) => loneBaseline({ task, stages, dataset })));
  const pooled = await pooledBaseline(task, datasets);
  return {
    federated: metrics.at(-1)?.metrics.test.auc as number,
    exact: localMetrics({ task, model, dataset: poolDatasets(datasets) }).auc as number,
    pooled: pooled.auc as number,
    loneMean: mean(lone.map(({ auc }) => auc as number)),
    federatedMean: mean(datasets.map((dataset) => localMetrics({ task, model, dataset }).auc as number)),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

describe('bird strikes', () => {
  it.each([SPLIT_SEED, 1, 4, 7])(
    'federated is near pooled and above the lone airlines, split seed %i',
    async (seed) => {
      const { federated, exact, pooled, loneMean, federatedMean } = await compare(seed);
      expect(Math.abs(federated - pooled)).toBeLessThan(0.004);
      expect(federated - loneMean).toBeGreaterThan(0.04);
      expect(federatedMean).toBeGreaterThan(loneMean);
      expect(Math.abs(federated - exact)).toBeLessThan(0.001);
    },
  );
});
