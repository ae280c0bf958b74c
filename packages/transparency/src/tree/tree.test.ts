import { readFileSync } from 'node:fs';
import { sha256 } from '@sumveil/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDecimal } from '../decimal.ts';
import { EMPTY_ROOT, leafHash, nodeHash } from './hash.ts';
import { MemoryTree } from './memory-tree.ts';
import { inclusionPlan, type NodeRef, proveConsistency, proveInclusion } from './prove.ts';
import { appendHashes, emptyRange, rangeRoot } from './range.ts';
import { entryBundle, nodeInTile, parseTilePath, tileOf, tilePath, tilesOfSize } from './tiles.ts';
import { verifyConsistency, verifyInclusion } from './verify.ts';

const load = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../../tests/vectors/log/${name}.json`, import.meta.url), 'utf8'));
const hex = (text: string) => Buffer.from(text, 'hex');
const base64 = (text: string) => Buffer.from(text, 'base64');
const hexes = (list: readonly Uint8Array[]) => list.map((h) => Buffer.from(h).toString('hex'));

function treeOf(leaves: readonly Uint8Array[]): MemoryTree {
  const tree = new MemoryTree();
  for (const leaf of leaves) tree.append(leaf);
  return tree;
}

// biome-ignore lint/suspicious/noExplicitAny: rows of published JSON, each file with its own columns
type VerifierCase = any;

const small = load('merkle-tree');
const thousand = treeOf(Array.from({ length: 1000 }, (_, i) => Buffer.from(String(i))));

describe('RFC 6962 tree (merkle-tree.json)', () => {
  const tree = treeOf(small.leavesHex.map(hex));

  it('hashes leaves, nodes and the empty tree', () => {
    for (const row of small.hasher) {
      const got =
        row.kind === 'emptyRoot'
          ? EMPTY_ROOT
          : row.kind === 'leaf'
            ? leafHash(Buffer.from(row.leafUtf8))
            : nodeHash(Buffer.from(row.leftUtf8), Buffer.from(row.rightUtf8));
      expect(got.toString('hex')).toBe(row.want);
    }
  });

  it('has the published nodes, roots and compact ranges', () => {
    for (const [level, row] of small.nodeHashesByLevel.entries())
      for (const [index, want] of row.entries())
        expect(tree.hashOf({ level, index: BigInt(index) }).toString('hex')).toBe(want);
    for (const [size, want] of small.rootsBySize.entries()) expect(tree.root(size).toString('hex')).toBe(want);
    for (const [size, want] of small.compactRangeBySize.entries()) {
      const { range } = appendHashes(
        emptyRange(),
        small.leavesHex.slice(0, size).map((l: string) => leafHash(hex(l))),
      );
      expect(hexes(range.hashes)).toEqual(want);
      expect(rangeRoot(range).toString('hex')).toBe(small.rootsBySize[size]);
    }
  });

  it('makes every published proof, and the verifier takes them', () => {
    for (const [rows, t] of [[small, tree] as const, [small.thousand, thousand] as const]) {
      for (const { index, size, proof } of rows.inclusion) {
        expect(hexes(t.inclusion(Number(index), Number(size)))).toEqual(proof);
        const leaf = t.hashOf({ level: 0, index: BigInt(index) });
        const claim = { index: Number(index), size: Number(size), root: t.root(Number(size)), leafHash: leaf };
        expect(verifyInclusion({ ...claim, proof: proof.map(hex) })).toBe(true);
      }
      for (const { size1, size2, proof } of rows.consistency) {
        expect(hexes(t.consistency(Number(size1), Number(size2)))).toEqual(proof);
        const claim = {
          size1: Number(size1),
          size2: Number(size2),
          root1: t.root(Number(size1)),
          root2: t.root(Number(size2)),
        };
        expect(verifyConsistency({ ...claim, proof: proof.map(hex) })).toBe(true);
      }
    }
    for (const [size, want] of Object.entries(small.thousand.roots))
      expect(thousand.root(Number(size)).toString('hex')).toBe(want);
  });

  it('proves any leaf and any prefix of any size, and no other', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.nat(999), fc.nat(999), (size, a, b) => {
        const [index, from] = [a % size, 1 + (b % size)];
        const claim = {
          index,
          size,
          root: thousand.root(size),
          leafHash: thousand.hashOf({ level: 0, index: BigInt(index) }),
          proof: thousand.inclusion(index, size),
        };
        expect(verifyInclusion(claim)).toBe(true);
        expect(verifyInclusion({ ...claim, index: (index + 1) % size })).toBe(size === 1);
        expect(verifyInclusion({ ...claim, proof: [...claim.proof, EMPTY_ROOT] })).toBe(false);
        const prefix = { size1: from, size2: size, root1: thousand.root(from), root2: thousand.root(size) };
        expect(verifyConsistency({ ...prefix, proof: thousand.consistency(from, size) })).toBe(true);
        expect(verifyConsistency({ ...prefix, root1: EMPTY_ROOT, proof: thousand.consistency(from, size) })).toBe(
          false,
        );
      }),
      { numRuns: 200 },
    );
  });

  it('refuses proofs that cannot exist', () => {
    expect(() => inclusionPlan(3, 3)).toThrow(/no leaf/);
    expect(() => thousand.consistency(0, 3)).toThrow(/no consistency/);
    expect(() => appendHashes({ size: 3, hashes: [EMPTY_ROOT] }, [])).toThrow(/cannot be a tree/);
  });
});

describe('trees beyond 2^53 leaves (merkle-large.json)', () => {
  const large = load('merkle-large');
  const levels = [leafHash(Buffer.from('x'))];
  const hashOf = ({ level }: NodeRef): Buffer => {
    while (levels.length <= level) levels.push(nodeHash(levels.at(-1)!, levels.at(-1)!));
    return levels[level]!;
  };

  it('makes and verifies inclusion proofs', () => {
    for (const { index, size, root, proof } of large.uniform.inclusion) {
      expect(hexes(proveInclusion(BigInt(index), BigInt(size), hashOf))).toEqual(proof);
      const claim = { index: BigInt(index), size: BigInt(size), root: hex(root), leafHash: levels[0]! };
      expect(verifyInclusion({ ...claim, proof: proof.map(hex) })).toBe(true);
    }
  });

  it('makes and verifies consistency proofs', () => {
    for (const { size1, size2, root1, root2, proof } of large.uniform.consistency) {
      expect(hexes(proveConsistency(BigInt(size1), BigInt(size2), hashOf))).toEqual(proof);
      const claim = { size1: BigInt(size1), size2: BigInt(size2), root1: hex(root1), root2: hex(root2) };
      expect(verifyConsistency({ ...claim, proof: proof.map(hex) })).toBe(true);
    }
  });

  it('follows every direction of a long path', () => {
    for (const { index, size, siblings, root } of large.synthetic.cases) {
      const proof = Array.from({ length: siblings }, (_, j) => sha256(Buffer.from(`s${j}`)));
      const claim = { index: BigInt(index), size: BigInt(size), root: hex(root), leafHash: levels[0]!, proof };
      expect(verifyInclusion(claim)).toBe(true);
      expect(verifyInclusion({ ...claim, index: BigInt(index) - 1n })).toBe(false);
    }
  });
});

describe('published verifier cases', () => {
  it.each(load('proofs-inclusion').cases as VerifierCase[])('inclusion $name', (row) => {
    const claim = {
      index: parseDecimal(row.leafIdx),
      size: parseDecimal(row.treeSize),
      root: base64(row.root),
      leafHash: base64(row.leafHash),
      proof: (row.proof ?? []).map(base64),
    };
    expect(verifyInclusion(claim)).toBe(!row.wantErr);
  });

  it.each(load('proofs-consistency').cases as VerifierCase[])('consistency $name', (row) => {
    const claim = {
      size1: parseDecimal(row.size1),
      size2: parseDecimal(row.size2),
      root1: base64(row.root1),
      root2: base64(row.root2),
      proof: (row.proof ?? []).map(base64),
    };
    expect(verifyConsistency(claim)).toBe(!row.wantErr);
  });
});

describe('tiles (tile-paths.json)', () => {
  const rows = load('tile-paths');

  it('writes and reads paths', () => {
    for (const { index, want } of rows.index)
      expect(tilePath({ level: 0, index: BigInt(index), width: 256 })).toBe(`tile/0/${want}`);
    for (const { path, level, index, width } of rows.valid) {
      expect(parseTilePath(path)).toEqual({ level, index: BigInt(index), width });
      expect(tilePath({ level, index: BigInt(index), width })).toBe(path);
    }
  });

  it.each(rows.invalid as string[])('refuses %s', (path) => {
    expect(() => parseTilePath(path)).toThrow();
  });

  it('knows which tiles a size has', () => {
    for (const { size, levels } of rows.tilesForSize)
      expect(
        tilesOfSize(BigInt(size)).map((l) => ({ level: `${l.level}`, full: `${l.full}`, partial: `${l.partial}` })),
      ).toEqual(levels);
  });

  it('has the published tiles of the thousand-leaf tree, and finds every node in them', () => {
    const tile = (level: number, index: number, width: number) =>
      Buffer.concat(
        Array.from({ length: width }, (_, i) => thousand.hashOf({ level: level * 8, index: BigInt(index * 256 + i) })),
      );
    for (const { path, bytes, sha256: want, firstHash } of rows.contents.tiles) {
      const { level, index, width } = parseTilePath(path);
      const content = tile(level!, Number(index), width);
      expect(content.length).toBe(bytes);
      expect(sha256(content).toString('hex')).toBe(want);
      expect(content.subarray(0, 32).toString('hex')).toBe(firstHash);
    }
    for (const node of [0, 3, 7, 8, 9].map((level) => ({ level, index: 0n }))) {
      const at = tileOf(node);
      const width = at.level === 0 ? 256 : 3;
      expect(nodeInTile(tile(at.level, Number(at.index), width), node)).toEqual(thousand.hashOf(node));
    }
    expect(() => nodeInTile(Buffer.alloc(31), { level: 0, index: 0n })).toThrow(/too short/);
  });

  it('writes the published entry bundle', () => {
    const { leavesUtf8, entryBundle: want, level0Tile } = load('checkpoints');
    const leaves = leavesUtf8.map((l: string) => Buffer.from(l));
    expect(entryBundle(leaves).toString('hex')).toBe(want.hex);
    expect(Buffer.concat(leaves.map(leafHash)).toString('hex')).toBe(level0Tile.hex);
  });
});

describe('decimals (jcs.json)', () => {
  const rows = load('jcs');

  it('accepts one spelling only', () => {
    for (const text of rows.acceptDecimal) expect(parseDecimal(text).toString()).toBe(text);
    for (const text of rows.refuseDecimal) expect(() => parseDecimal(text)).toThrow();
  });
});
