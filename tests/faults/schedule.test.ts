import { expect, it } from 'vitest';
import { phases } from './held-places.ts';
import { allCells, coveringCells } from './kill-matrix.ts';
import { scheduleOf } from './schedule.ts';
import { signalNames, targets } from './strikes.ts';

const seeds = Array.from({ length: 300 }, (_, i) => scheduleOf(i, 8));

it('the same seed gives the same schedule, another seed another one', () => {
  expect(scheduleOf(17, 8)).toEqual(scheduleOf(17, 8));
  expect(new Set(seeds.map(({ strikes }) => JSON.stringify(strikes))).size).toBeGreaterThan(250);
});

it('schedules reach every phase, target and signal, and strike two targets at once', () => {
  const strikes = seeds.flatMap((schedule) => schedule.strikes);
  const blows = strikes.flatMap(({ phase, blows: of }) => of.map((blow) => `${phase} ${blow.target} ${blow.signal}`));
  expect(new Set(blows).size).toBe(phases.length * targets.length * signalNames.length);
  expect(strikes.some(({ blows: of }) => new Set(of.map(({ target }) => target)).size === 2)).toBe(true);
});

it('the whole matrix has every cell once; the subset each phase and each signal with each target', () => {
  const all = allCells.flat().map(({ phase, target, signal }) => `${phase} ${target} ${signal}`);
  expect(new Set(all).size).toBe(144);
  expect(all).toHaveLength(144);
  const some = coveringCells.flat();
  expect(new Set(some.map(({ phase, target }) => `${phase} ${target}`)).size).toBe(48);
  expect(new Set(some.map(({ signal, target }) => `${signal} ${target}`)).size).toBe(18);
});
