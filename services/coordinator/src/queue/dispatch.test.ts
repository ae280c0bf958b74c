import { expect, it } from 'vitest';
import { pause } from './dispatch.ts';

it.each([200, 2_000, 15_000])('24 pauses outlast a killed holder’s lease of %i ms twice', (lease) => {
  const pauses = Array.from({ length: 24 }, (_, i) => pause(i + 1, lease));
  expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(2 * lease);
});
