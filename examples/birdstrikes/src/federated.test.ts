import { beforeAll, describe, expect, it } from 'vitest';
import { type Airline, readAirlines } from './airlines.ts';
import { compareSeed } from './compare.ts';
import { SPLIT_SEED } from './task.ts';

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
});
