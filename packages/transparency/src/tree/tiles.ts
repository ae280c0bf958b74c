import { TransparencyError } from '../error.ts';
import type { NodeRef } from './prove.ts';
import { foldRight } from './range.ts';

/** Hashes in a full tile, and leaves in a full entry bundle. */
export const TILE_WIDTH = 256;

/** C2SP tlog-tiles coordinates; level null = entry bundle, width 256 = full. */
export interface Tile {
  readonly level: number | null;
  readonly index: bigint;
  readonly width: number;
}

/** `tile/<L>/<N>[.p/<W>]`, N in groups of three digits, all but the last with an `x` in front. */
export function tilePath(tile: { level: number | null; index: number | bigint; width: number }): string {
  const digits = tile.index.toString();
  const groups = digits
    .padStart(Math.ceil(digits.length / 3) * 3, '0')
    .match(/.{3}/g)!
    .map((group, i, all) => (i === all.length - 1 ? group : `x${group}`));
  const partial = tile.width === TILE_WIDTH ? '' : `.p/${tile.width}`;
  return `tile/${tile.level ?? 'entries'}/${groups.join('/')}${partial}`;
}

const PATH = /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/){0,6}[0-9]{3})(?:\.p\/([0-9]{1,3}))?$/;

/** @throws TransparencyError `TILE` unless the path is the one spelling of its coordinates */
export function parseTilePath(path: string): Tile {
  const match = PATH.exec(path);
  if (match) {
    const level = match[1] === 'entries' ? null : Number(match[1]);
    const index = BigInt(match[2]!.replace(/[x/]/g, ''));
    const width = match[3] === undefined ? TILE_WIDTH : Number(match[3]);
    const inBounds = (level ?? 0) <= 63 && width >= 1 && (match[3] === undefined || width < TILE_WIDTH);
    if (inBounds && index < 1n << 64n && tilePath({ level, index, width }) === path) return { level, index, width };
  }
  throw new TransparencyError('TILE', 'not the path of a tile or entry bundle');
}

export interface TileLevel {
  readonly level: number;
  /** Number of full tiles. */
  readonly full: bigint;
  /** Hashes in the last, partial tile; 0 for none. */
  readonly partial: number;
}

/** Tiles that a tree of this size has, from level 0 up. */
export function tilesOfSize(size: number | bigint): TileLevel[] {
  const levels: TileLevel[] = [];
  for (let level = 0, rest = BigInt(size); rest > 0n; level += 1, rest >>= 8n)
    levels.push({ level, full: rest >> 8n, partial: Number(rest & 255n) });
  return levels;
}

/** Where a node's hash comes from: `count` neighbouring hashes of one tile, from position `first` on. */
export function tileOf(node: NodeRef): { level: number; index: bigint; first: number; count: number } {
  const above = BigInt(node.level % 8);
  const start = node.index << above;
  return {
    level: Math.floor(node.level / 8),
    index: start >> 8n,
    first: Number(start & 255n),
    count: 1 << (node.level % 8),
  };
}

/**
 * @param tile the bytes of the tile that {@link tileOf} names (32 a hash), at least as wide as needed
 * @throws TransparencyError `TILE` when the tile is too short
 */
export function nodeInTile(tile: Uint8Array, node: NodeRef): Buffer {
  const { first, count } = tileOf(node);
  if (tile.length < (first + count) * 32) throw new TransparencyError('TILE', 'the tile is too short for this node');
  const hashes = Array.from({ length: count }, (_, i) => tile.subarray((first + i) * 32, (first + i + 1) * 32));
  return perfect(hashes);
}

function perfect(hashes: readonly Uint8Array[]): Buffer {
  if (hashes.length === 1) return Buffer.from(hashes[0]!);
  const half = hashes.length / 2;
  return foldRight([perfect(hashes.slice(0, half)), perfect(hashes.slice(half))])!;
}

/** Entries behind a big-endian u16 length each. @throws TransparencyError `TILE` above 65,535 bytes */
export function entryBundle(leaves: readonly Uint8Array[]): Buffer {
  const parts = leaves.flatMap((leaf) => {
    if (leaf.length > 0xffff) throw new TransparencyError('TILE', 'a tile entry holds at most 65,535 bytes');
    const length = Buffer.alloc(2);
    length.writeUInt16BE(leaf.length);
    return [length, leaf];
  });
  return Buffer.concat(parts);
}
