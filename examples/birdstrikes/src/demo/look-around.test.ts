import { expect, it } from 'vitest';
import { folded } from './look-around.ts';

it('folds a long command as a shell reads it, and leaves a short one alone', () => {
  expect(folded('npx sumveil run list')).toEqual(['npx sumveil run list']);
  const long = `npx sumveil audit report birdstrike-damage 9 --reason look --out again.html --profile ${'p'.repeat(60)}`;
  const lines = folded(long);
  expect(lines.map((line) => line.replace(/ \\$/, '').trim()).join(' ')).toBe(long);
  expect(lines.slice(0, -1).every((line) => line.endsWith(' \\'))).toBe(true);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(77);
});
