import { sha256 } from '@sumveil/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex, utf8, vectors } from '../testing/vectors.ts';
import { chunkLeaf, shareLeaf } from './leaves.ts';
import { auditPath, rootFromPath, rootOf, treeLevels, treeRoot } from './tree.ts';

const file = vectors('merkle');
const leaves: Buffer[] = file.leaves.map(hex);

describe('Merkle tree of RFC 6962', () => {
  it('gives the known roots', () => {
    expect(treeRoot([]).toString('hex')).toBe(file.emptyRoot);
    const roots = leaves.map((_, i) => treeRoot(leaves.slice(0, i + 1)).toString('hex'));
    expect(roots).toEqual(file.roots);
  });

  it.each(file.paths as { index: number; size: number; path: string[] }[])(
    'gives the path of leaf $index of $size',
    ({ index, size, path }) => {
      const levels = treeLevels(leaves.slice(0, size));
      expect(auditPath(levels, index).map((hash) => hash.toString('hex'))).toEqual(path);
      expect(rootFromPath(leaves[index]!, index, size, path.map(hex))).toEqual(rootOf(levels));
    },
  );

  it('leads from every leaf to the root, and from no other place', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), (size, pick) => {
        const data = Array.from({ length: size }, (_, i) => Buffer.of(i));
        const levels = treeLevels(data);
        const index = pick % size;
        const path = auditPath(levels, index);
        expect(rootFromPath(data[index]!, index, size, path)).toEqual(rootOf(levels));
        expect(rootFromPath(data[index]!, index, size, [...path, Buffer.alloc(32)])).toBeUndefined();
        if (size === 1) return;
        expect(rootFromPath(data[index]!, index, size, path.slice(1))).toBeUndefined();
        expect(rootFromPath(data[index]!, (index + 1) % size, size, path)).not.toEqual(rootOf(levels));
      }),
    );
  });

  it('has the leaf formats of section 5', () => {
    const { to, envelope, data } = file.shareLeaf;
    expect(shareLeaf(to, utf8(envelope)).toString('hex')).toBe(data);
    const { seg, chunk, chunkBytes, data: leaf } = file.chunkLeaf;
    expect(chunkLeaf(seg, chunk, sha256(hex(chunkBytes))).toString('hex')).toBe(leaf);
  });
});
