import type { Interval } from '@sumveil/learning';
import { expect, it } from 'vitest';
import type { Scores95 } from '../scores.ts';
import { type FirstRun, firstRunPage } from './page.ts';

const around = (value: number, half: number): Interval => ({
  value,
  standardError: half / 1.96,
  low: value - half,
  high: value + half,
});

const scores: Scores95 = {
  airlines: ['Wide Air <b>', 'Sure Air'].map((tenant, i) => ({
    tenant,
    trainRows: 60 + i,
    testRows: 40 + i,
    positives: 7 + i,
    lone: around(0.6, 0.15),
    federated: around(0.7, 0.1),
    pooled: around(0.71, 0.1),
    gain: around(0.1, i === 0 ? 0.2 : 0.05),
  })),
  all: { federated: around(0.7857, 0.02), pooled: around(0.7861, 0.02), difference: around(-0.0004, 0.001) },
  means: { lone: 0.6, federated: 0.7, pooled: 0.71 },
};
const run: FirstRun = {
  scores,
  rounds: 8,
  coordinatorsAuc: 0.786,
  model: { name: 'birdstrike-damage', version: 9 },
  dropped: [{ round: 5, count: 1, cohort: 2 }],
  localPolicy: undefined,
  verified: true,
  leaves: 305,
  seconds: 50.2,
};

it('sets alone beside federated with intervals, units and the method that they come from', async () => {
  const page = await firstRunPage(run);
  expect(page).toContain('>AUC on own test rows (0 to 1, chance 0.5)<');
  expect(page).toContain('>AUC federated minus AUC alone (difference)<');
  expect(page).toContain('pooled, all rows');
  expect(page).toContain('0.600 <small>[0.450, 0.750]</small>');
  expect(page).toContain('+0.100 <small>[−0.100, +0.300]</small>');
  expect(page).toContain('2 of 2 airlines gain, 1 of them beyond chance; none loses beyond chance');
  expect(page).toContain('no difference beyond chance');
  expect(page).toContain('Biometrics 44, 1988');
  expect(page).toContain('round 5 without 1 of 2');
});

it('loads and runs nothing, links only to what lies beside it, and escapes names', async () => {
  const page = await firstRunPage(run);
  expect(page).not.toMatch(/<script|<link|<img|@import|url\((?!#)|<b>/i);
  const links = [...page.matchAll(/href="([^"]+)"/g)].map(([, target]) => target);
  expect(links.filter((target) => !target!.startsWith('#'))).toEqual([
    'report.html',
    'bundle.zip',
    'trust.json',
    'model.safetensors',
  ]);
});

it('says when airlines had to allow so small a cohort, and when the evidence does not hold', async () => {
  const page = await firstRunPage({ ...run, localPolicy: { minCohort: 4 }, verified: false });
  expect(page).toContain('Small cohort');
  expect(page).toContain('NOT verified');
  expect(await firstRunPage({ ...run, coordinatorsAuc: null })).toContain('The coordinator withheld its AUC');
});
