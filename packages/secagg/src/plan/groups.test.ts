import { describe, expect, it } from 'vitest';
import { hex, vectors } from '../testing/vectors.ts';
import { leastColluders } from './groups.ts';
import { permute } from './permutation.ts';

describe('group bound of section 17', () => {
  it.each(vectors('groups').groups as { N: number; c: number; groupSize: number; groups: number; cg: number }[])(
    'assumes $cg colluders in a group of $groupSize from $N',
    ({ N, c, groupSize, groups, cg }) => {
      expect(leastColluders(N, c, groupSize, groups)).toBe(cg);
    },
  );
});

describe('permutation of section 14', () => {
  const { seed, permutations } = vectors('graph-permutation');

  it.each(permutations as { ids: string; ring?: number[]; first10?: number[] }[])(
    'orders $ids',
    ({ ids, ring, first10 }) => {
      const last = Number(ids.split('..')[1]);
      const order = permute(
        Array.from({ length: last }, (_, i) => i + 1),
        hex(seed),
      );
      if (ring !== undefined) expect(order).toEqual(ring);
      if (first10 !== undefined) expect(order.slice(0, 10)).toEqual(first10);
    },
  );
});
