import { expect, test } from 'vitest';
import { summary } from './test-summary.ts';

const report = (numbers: Partial<Parameters<typeof summary>[0]>) => ({
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [],
  ...numbers,
});

test('no test at all is a failure', () => {
  expect(summary(report({}))).toEqual({ line: '0 passed, 0 failed', ok: false });
});

test('skipped tests are counted in the open', () => {
  expect(summary(report({ numPassedTests: 3, numPendingTests: 1, numTodoTests: 1 }))).toEqual({
    line: '3 passed, 0 failed, 2 skipped',
    ok: true,
  });
});

test('a file that cannot be loaded counts as a failure', () => {
  const broken = { status: 'failed', assertionResults: [] };
  expect(summary(report({ numPassedTests: 3, testResults: [broken] }))).toEqual({
    line: '3 passed, 1 failed',
    ok: false,
  });
});
