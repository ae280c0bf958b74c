import { expect, test } from 'vitest';
import { isRef, newRef } from './ref.ts';

test('a ref is 16 characters of a-z2-7, new every time, and uses the whole alphabet', () => {
  const refs = Array.from({ length: 500 }, newRef);
  expect(refs.every(isRef)).toBe(true);
  expect(new Set(refs).size).toBe(500);
  for (let place = 0; place < 16; place++) expect(new Set(refs.map((ref) => ref[place])).size).toBeGreaterThan(24);
});

test.each(['', 'abcdefghijklmno', 'abcdefghijklmnopq', 'Abcdefghijklmnop', 'abcdefghijklmno1', 'abcdefghijklmnop\n'])(
  '%j is not a ref',
  (text) => expect(isRef(text)).toBe(false),
);
