import { expect, it } from 'vitest';
import { defaultTimings } from '../timings.ts';
import { createPauses } from './pauses.ts';

it('a request that fails rests longer each time, at most a minute, and the others not at all', () => {
  let now = 0;
  const pauses = createPauses(defaultTimings, () => now);
  const rest = () => {
    const began = now;
    pauses.failed(1n);
    while (pauses.rests(1n)) now += 10;
    return now - began;
  };
  expect(Array.from({ length: 10 }, rest)).toEqual([
    250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000,
  ]);
  expect(pauses.rests(2n)).toBe(false);
  pauses.forget(1n);
  expect(rest()).toBe(250);
});
