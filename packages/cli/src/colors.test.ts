import { expect, it } from 'vitest';
import { wantsColors } from './colors.ts';

it.each([
  [true, {}, true],
  [false, {}, false],
  [true, { NO_COLOR: '1' }, false],
  [true, { NO_COLOR: '' }, true],
  [true, { TERM: 'dumb' }, false],
  [false, { FORCE_COLOR: '1' }, true],
  [false, { FORCE_COLOR: '' }, true],
  [true, { FORCE_COLOR: '0' }, false],
  [false, { FORCE_COLOR: '3', NO_COLOR: '1' }, true],
])('terminal %s with %j has colours: %s', (isTTY, env, wanted) => {
  expect(wantsColors(isTTY, env)).toBe(wanted);
});
