import { appendHashes, emptyRange, type NodeRef, nodeInTile, rangeRoot, tileOf } from '@sumveil/transparency';
import type { Tx } from '../db/client.ts';

const WIDTH = 256;
const HASH = 32;
const CACHED_TILES = 512;

/**
 * Stores the tiles that became full between two sizes (C2SP tlog-tiles, height 8). Partial tiles are computed when asked
 * for: their hashes are the leaves' or the roots of full tiles below.
 */
export async function storeFullTiles(tx: Tx, log: string, from: number, to: number): Promise<void> {
  const reader = createTileReader(log);
  let [before, after] = [from, to];
  for (let level = 0; Math.floor(after / WIDTH) > Math.floor(before / WIDTH); level += 1) {
    [before, after] = [Math.floor(before / WIDTH), Math.floor(after / WIDTH)];
    for (let n = before; n < after; n += 1) {
      const hashes = await reader.prefix(tx, level, BigInt(n), WIDTH);
      await tx.auditTile.createMany({ data: [{ log, level, n: BigInt(n), hashes: Uint8Array.from(hashes) }] });
    }
  }
}

export interface TileReader {
  /** First `width` hashes of a tile, 32 bytes each; the tree must be that large. */
  prefix(tx: Tx, level: number, n: bigint, width: number): Promise<Buffer>;
  node(tx: Tx, ref: NodeRef): Promise<Buffer>;
}

/** Hashes of a tree that only grows never change, so what was read once is kept (at most 4 MiB). */
export function createTileReader(log: string): TileReader {
  const cache = new Map<string, Buffer>();

  async function prefix(tx: Tx, level: number, n: bigint, width: number): Promise<Buffer> {
    const key = `${level}/${n}`;
    const known = cache.get(key) ?? Buffer.alloc(0);
    if (known.length >= width * HASH) return known.subarray(0, width * HASH);
    const stored = await tx.auditTile.findUnique({ where: { log_level_n: { log, level, n } } });
    const rest = stored ? undefined : await missing(tx, level, n, known.length / HASH, width);
    const hashes = stored ? Buffer.from(stored.hashes) : Buffer.concat([known, ...rest!]);
    cache.delete(key);
    cache.set(key, hashes);
    if (cache.size > CACHED_TILES) cache.delete(cache.keys().next().value!);
    return hashes.subarray(0, width * HASH);
  }

  async function missing(tx: Tx, level: number, n: bigint, from: number, to: number): Promise<Buffer[]> {
    const first = n * BigInt(WIDTH);
    if (level === 0) return await leafHashes(tx, log, first + BigInt(from), first + BigInt(to));
    const roots: Buffer[] = [];
    for (let i = from; i < to; i += 1) {
      const below = await prefix(tx, level - 1, first + BigInt(i), WIDTH);
      roots.push(tileRoot(below));
    }
    return roots;
  }

  return {
    prefix,
    async node(tx, ref) {
      const { level, index, first, count } = tileOf(ref);
      return nodeInTile(await prefix(tx, level, BigInt(index), first + count), ref);
    },
  };
}

/** Root of a full tile: one hash of the level above. */
function tileRoot(tile: Buffer): Buffer {
  const hashes = Array.from({ length: WIDTH }, (_, i) => tile.subarray(HASH * i, HASH * (i + 1)));
  return rangeRoot(appendHashes(emptyRange(), hashes).range);
}

async function leafHashes(tx: Tx, log: string, from: bigint, to: bigint): Promise<Buffer[]> {
  const rows = await tx.auditLeaf.findMany({
    where: { log, idx: { gte: from, lt: to } },
    orderBy: { idx: 'asc' },
    select: { leafHash: true },
  });
  if (BigInt(rows.length) !== to - from) throw new RangeError(`log ${log} has no leaves ${from} to ${to - 1n}`);
  return rows.map((row) => Buffer.from(row.leafHash));
}
