import { expect, it } from 'vitest';
import { egressText } from './egress-text.ts';

it('fits 80 columns, and names the code of an abort', () => {
  const entry = { seq: 12_345, at: '2026-11-24T15:10:41.123Z', what: 'cosignature', bytes: 123_456 };
  const text = egressText([entry, { ...entry, what: 'abort', code: 'busy', runId: 'run-abcdefghij234567', round: 12 }]);
  for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  expect(text).toMatch(/2026-11-24 15:10:41\s+abort busy/);
});
