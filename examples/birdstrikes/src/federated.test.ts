import { roundFacts } from '@sumveil/example-simulation';
import { judgeGuards, thresholdsOf } from '@sumveil/learning';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Airline, readAirlines } from './airlines.ts';
import { airlineDatasets, compareSeed } from './compare.ts';
import { BIRDSTRIKES_AGGREGATION, birdstrikesStages } from './plan.ts';
import { birdstrikesTask, SPLIT_SEED } from './task.ts';

let airlines: Airline[];

beforeAll(async () => {
  airlines = await readAirlines();
});

describe('bird strikes', () => {
  it.each([SPLIT_SEED, 1, 4, 7])(
    'federated is near pooled and above the lone airlines, split seed %i',
    async (seed) => {
      const { federated, federatedExact, pooled, loneMean, federatedMean } = await compareSeed(airlines, seed);
      expect(Math.abs(federated - pooled)).toBeLessThan(0.004);
      expect(federated - loneMean).toBeGreaterThan(0.04);
      expect(federatedMean).toBeGreaterThan(loneMean);
      expect(Math.abs(federated - federatedExact)).toBeLessThan(0.001);
    },
  );

  it('trips no guard at its defaults, in any round, also with an airline away', async () => {
    const task = birdstrikesTask(SPLIT_SEED);
    const [stages, datasets] = [birdstrikesStages(task), airlineDatasets(airlines, task)];
    const survives = (airline: number, round: number) => airline !== 3 || round % 4 !== 0;
    const facts = await roundFacts({ task, stages, aggregation: BIRDSTRIKES_AGGREGATION, datasets, survives });
    const resolution = 2 ** -BIRDSTRIKES_AGGREGATION.scaleLog2;
    for (const end of facts.keys()) {
      const history = { rounds: facts.slice(0, end + 1), acknowledged: 0, resolution };
      expect(judgeGuards(thresholdsOf(undefined), history), `round ${end + 1}`).toBeUndefined();
    }
  });
});
