import { expect, test } from 'vitest';
import { faultsOf } from './source-rules.ts';

const lines = (count: number) => 'const a = 1;\n'.repeat(count);

test('a source file of 300 lines is accepted and one of 301 is not', () => {
  expect(faultsOf('packages/wire/src/long.ts', lines(300))).toEqual([]);
  expect(faultsOf('packages/wire/src/long.ts', lines(301))).toHaveLength(1);
});

test.each(['packages/utils/src/a.ts', 'packages/wire/src/helpers.ts', 'a/lib/b.py', 'a/common.test.ts'])(
  'the empty name %s is refused',
  (path) => expect(faultsOf(path, '')).toHaveLength(1),
);

test.each(['packages/wire/src/library.ts', 'docs/shared-secrets.md', 'packages/secagg/src/task-manager.ts'])(
  'the name %s says something',
  (path) => expect(faultsOf(path, '')).toEqual([]),
);

test('a pure package takes its clock and its randomness from its caller', () => {
  const code = 'export const now = () => Date.now();\n';
  expect(faultsOf('packages/secagg/src/clock.ts', code)).toEqual([
    'packages/secagg/src/clock.ts:1: a pure package takes time and randomness as arguments',
  ]);
  expect(faultsOf('services/coordinator/src/clock.ts', code)).toEqual([]);
});

test('predictable randomness is refused everywhere but in tests', () => {
  const code = 'const n = Math.random();\n';
  expect(faultsOf('connectors/runtime/src/pick.ts', code)).toHaveLength(1);
  expect(faultsOf('connectors/runtime/src/pick.test.ts', code)).toEqual([]);
});
