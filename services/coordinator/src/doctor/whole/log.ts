import { bad, type Check, good } from '@sumveil/client';
import {
  appendHashes,
  dedupeKey,
  emptyRange,
  LOG_TYPE,
  leafHash,
  openCheckpoint,
  parseLeaf,
  type Range,
  rangeRoot,
  verifierKey,
} from '@sumveil/transparency';
import { fromBase64url } from '@sumveil/wire';
import type { CommonConfig } from '../../config.ts';
import { readSignerPublic } from '../../signing/signer-public.ts';
import type { Db } from '../database-checks.ts';

const PAGE = 1_000;

/**
 * The stored log is one: leaves without gaps, each with its own hash and key, every checkpoint the root of the leaves below its
 * size and signed by the log key that public.json names, the head where the last checkpoint stands.
 */
export async function logWhole(db: Db, config: CommonConfig): Promise<Check> {
  const log = config.logOrigin;
  try {
    const key = verifierKey(log, LOG_TYPE, fromBase64url(readSignerPublic(config.signerPublicFile).logKey, 32));
    const checkpoints = await db.auditCheckpoint.findMany({ where: { log }, orderBy: { size: 'asc' } });
    let range: Range = emptyRange();
    for (const { size, root, note } of checkpoints) {
      range = await grow(db, log, range, Number(size));
      const signed = openCheckpoint(Buffer.from(note), { origin: log, keys: [key] }).checkpoint;
      if (!rangeRoot(range).equals(root) || !signed.root.equals(root) || signed.size !== Number(size))
        return broken(`the checkpoint of size ${size} is not the root of its leaves`);
    }
    const head = await db.auditHead.findUnique({ where: { log } });
    const leaves = await db.auditLeaf.count({ where: { log } });
    if (leaves !== range.size || Number(head?.size ?? 0n) !== range.size)
      return broken(`${leaves} leaves, head at ${head?.size ?? 0}, but the last checkpoint signs ${range.size}`);
    if (head && !Buffer.concat([...range.hashes]).equals(head.range))
      return broken('the head’s hashes are not those of its leaves');
    return good(
      'log-rows',
      `${leaves} leaves and ${checkpoints.length} checkpoints fit, signed by the log key that public.json names`,
    );
  } catch (error) {
    return broken((error as Error).message.split('\n')[0]!);
  }
}

async function grow(db: Db, log: string, from: Range, to: number): Promise<Range> {
  let range = from;
  while (range.size < to) {
    const rows = await db.auditLeaf.findMany({
      where: { log, idx: { gte: range.size, lt: Math.min(to, range.size + PAGE) } },
      orderBy: { idx: 'asc' },
    });
    for (const [i, row] of rows.entries()) {
      const leaf = Buffer.from(row.leaf);
      const holds =
        Number(row.idx) === range.size + i &&
        leafHash(leaf).equals(row.leafHash) &&
        dedupeKey(parseLeaf(leaf)) === row.key;
      if (!holds) throw new Error(`leaf ${row.idx} is not what its row says`);
    }
    if (rows.length === 0) throw new Error(`leaf ${range.size} is missing`);
    range = appendHashes(
      range,
      rows.map((row) => Buffer.from(row.leafHash)),
    ).range;
  }
  return range;
}

function broken(why: string): Check {
  return bad(
    'log-rows',
    `the stored log does not hold together: ${why}`,
    'Start nothing on this copy. Restore another one, and keep this one for whoever finds out.',
  );
}
