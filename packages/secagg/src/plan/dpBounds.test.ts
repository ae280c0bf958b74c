import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { vectors } from '../testing/vectors.ts';
import { ceilSqrt, isqrt, largestLinf, noiseTail, normBound2 } from './dpBounds.ts';

const file = vectors('quantisation');

describe('integer bounds', () => {
  it.each(file.headroom as Record<string, number>[])('leaves room for $n tenants', (row) => {
    for (const bits of [16, 20, 24, 32]) expect(Number(largestLinf(bits, row.n!, 0n))).toBe(row[`bits${bits}`]);
  });

  it.each(
    file.headroomWithNoise as { n: number; bits: number; sigma2: string; tail: number; maxLinfQ: number | null }[],
  )('leaves room for $n tenants with noise $sigma2', ({ n, bits, sigma2, tail, maxLinfQ }) => {
    expect(Number(noiseTail(n, BigInt(sigma2)))).toBe(tail);
    const largest = Number(largestLinf(bits, n, BigInt(sigma2)));
    if (maxLinfQ === null) expect(largest).toBeLessThan(1);
    else expect(largest).toBe(maxLinfQ);
  });

  it.each(file.normBound2 as { clipQ: number; dim: number; conditional: string; unconditional: string }[])(
    'bounds the norm after rounding for clip $clipQ, dim $dim',
    ({ clipQ, dim, conditional, unconditional }) => {
      expect(String(normBound2('tenant', clipQ, dim))).toBe(conditional);
      expect(String(normBound2('record', clipQ, dim))).toBe(unconditional);
    },
  );

  it('takes exact integer roots', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 130n), (value) => {
        const root = isqrt(value);
        expect(root * root <= value && (root + 1n) ** 2n > value).toBe(true);
        expect(ceilSqrt(value)).toBe(root * root === value ? root : root + 1n);
      }),
    );
  });
});
