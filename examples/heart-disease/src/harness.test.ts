import { existsSync, readFileSync } from 'node:fs';
import { roundFacts } from '@sumveil/example-simulation';
import { judgeGuards, thresholdsOf } from '@sumveil/learning';
import type { Dataset } from '@sumveil/trainers';
import { beforeAll, describe, expect, it } from 'vitest';
import { federatedTrajectory, floatTrajectory, quantisationBound } from './harness.ts';
import { heartFolder, referenceFile } from './hospitals.ts';
import { HEART_AGGREGATION, heartStages } from './plan.ts';
import { hospitalDatasets } from './prepare.ts';
import { heartTask } from './task.ts';

const task = heartTask();
const folder = heartFolder(process.env);

describe('FedSGD on four hospitals', () => {
  let datasets: Dataset[];
  let golden: { w: number[]; b: number };

  beforeAll(async () => {
    if (!existsSync(folder))
      throw new Error(`${folder} is missing: set SUMVEIL_HEART_DATA (see examples/heart-disease/README.md)`);
    datasets = await hospitalDatasets(folder, task);
    golden = JSON.parse(readFileSync(referenceFile('fedsgd-identity-golden.json'), 'utf8'));
  });

  it('trips no guard at its defaults, in any round', async () => {
    const stages = heartStages(task, 30);
    const facts = await roundFacts({ task, stages, aggregation: HEART_AGGREGATION, datasets });
    const trips = facts.map((_, i) =>
      judgeGuards(thresholdsOf(undefined), { rounds: facts.slice(0, i + 1), acknowledged: 0, resolution: 2 ** -24 }),
    );
    expect(trips).toEqual(new Array(31).fill(undefined));
  });

  it('has the rows of the published split', () => {
    expect(datasets.map(({ train, test }) => [train.rows, test.rows])).toEqual([
      [199, 104],
      [172, 89],
      [30, 16],
      [85, 45],
    ]);
  });

  it('equals the golden weights after 500 float64 rounds to 1e-12', () => {
    const last = floatTrajectory(task, datasets, 500).at(-1) as Float64Array;
    expect(distance(last, [...golden.w, golden.b])).toBeLessThan(1e-12);
  });

  it('reproduces the golden weights after 500 quantised rounds within the quantisation bound', async () => {
    const { parameters } = await federatedTrajectory(task, datasets, 500);
    const found = distance(parameters.at(-1) as Float64Array, [...golden.w, golden.b]);
    expect(found).toBeGreaterThan(0);
    expect(found).toBeLessThan(quantisationBound(500, 256, 486, 4, 0.1));
  });

  it('stays within 4e-6 of the float64 trajectory in each of 30 rounds', async () => {
    const { parameters } = await federatedTrajectory(task, datasets, 30);
    const exact = floatTrajectory(task, datasets, 30);
    const distances = parameters.map((found, round) => distance(found, exact[round] as Float64Array));
    expect(Math.max(...distances)).toBeLessThan(4e-6);
  });

  it('gives the same bytes when it runs again', async () => {
    const [one, two] = [await federatedTrajectory(task, datasets, 5), await federatedTrajectory(task, datasets, 5)];
    expect(one.models.at(-1)).toEqual(two.models.at(-1));
  });
});

function distance(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  return Math.max(...Array.from(found, (value, i) => Math.abs(value - (wanted[i] as number))));
}
