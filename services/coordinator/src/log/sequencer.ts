import type { KeyObject } from 'node:crypto';
import {
  appendHashes,
  dedupeKey,
  emptyRange,
  leafHash,
  parseLeaf,
  type Range,
  rangeRoot,
  signCheckpoint,
} from '@sumveil/transparency';
import type { Tx } from '../db/client.ts';
import { channels } from '../db/notify.ts';
import { CoordinatorError } from '../error.ts';
import { type Lease, requireLease } from '../lease/lease.ts';
import { newestCheckpoint } from './rows.ts';
import { storeFullTiles } from './tiles.ts';

export const BATCH = 256;

export interface Sequenced {
  /** Pending rows taken, refused ones included; the queue is empty when it is below `BATCH`. */
  readonly taken: number;
  readonly size: number;
  readonly root: Buffer;
  /** Dedupe keys of rows that are not leaves and were dropped. */
  readonly refused: readonly string[];
}

interface PendingRow {
  key: string;
  leaf: Uint8Array;
}

/**
 * One batch: leaves, head, checkpoint and its signature in one transaction of the active signer (governance.md section 5).
 * (log, size) is a key, so no size ever gets two roots, whatever a second sequencer does.
 *
 * @returns undefined when nothing was pending
 * @throws CoordinatorError `FENCED` when the lease is gone; `INTERNAL` when the tree no longer continues what was signed
 */
export async function sequenceBatch(
  tx: Tx,
  o: { log: string; logKey: KeyObject; lease: Lease; signedBefore?: Sequenced | undefined },
): Promise<Sequenced | undefined> {
  await requireLease(tx, o.lease);
  const range = await lockHead(tx, o.log);
  await requireContinuity(tx, o.log, range, o.signedBefore);
  const pending = await takePending(tx, o.log);
  if (pending.length === 0) return undefined;
  const leaves = pending.filter(isLeaf);
  const refused = pending.filter((row) => !isLeaf(row)).map((row) => row.key);
  const next = appendHashes(
    range,
    leaves.map((row) => leafHash(row.leaf)),
  ).range;
  const root = rangeRoot(next);
  if (leaves.length > 0) {
    await insertLeaves(tx, o.log, range.size, leaves);
    await storeFullTiles(tx, o.log, range.size, next.size);
    const note = signCheckpoint({ origin: o.log, size: next.size, root }, o.logKey);
    await publish(tx, o.log, next, root, note);
  }
  return { taken: pending.length, size: next.size, root, refused };
}

async function lockHead(tx: Tx, log: string): Promise<Range> {
  const [row] = await tx.$queryRaw<{ size: bigint; range: Uint8Array }[]>`
    SELECT size, range FROM audit_head WHERE log = ${log} FOR UPDATE`;
  if (!row) {
    await tx.$executeRaw`INSERT INTO audit_head (log, size, range) VALUES (${log}, 0, ''::bytea) ON CONFLICT DO NOTHING`;
    return emptyRange();
  }
  const bytes = Buffer.from(row.range);
  const hashes = Array.from({ length: bytes.length / 32 }, (_, i) => bytes.subarray(32 * i, 32 * (i + 1)));
  return { size: Number(row.size), hashes };
}

/**
 * The head row must stand exactly where the last signed checkpoint stands, and never behind what this process signed: a
 * restored backup or an edited head would otherwise make the log key sign two histories.
 */
async function requireContinuity(tx: Tx, log: string, range: Range, signedBefore?: Sequenced): Promise<void> {
  const last = await newestCheckpoint(tx, log);
  const agrees = last ? Number(last.size) === range.size && last.root.equals(rangeRoot(range)) : range.size === 0;
  if (!agrees || (signedBefore && signedBefore.size > range.size)) {
    throw new CoordinatorError(
      'INTERNAL',
      `The log ${log} does not continue its last signed checkpoint: nothing more is signed. Compare the database with the witnesses' checkpoints before anything else.`,
    );
  }
}

/** In the order of the rows, which for the leaves of a run is the order of its row lock. */
async function takePending(tx: Tx, log: string): Promise<PendingRow[]> {
  return await tx.$queryRaw<PendingRow[]>`
    WITH due AS (SELECT id FROM audit_pending WHERE log = ${log} ORDER BY id LIMIT ${BATCH}),
         taken AS (DELETE FROM audit_pending USING due WHERE audit_pending.id = due.id
                   RETURNING audit_pending.id, audit_pending.key, audit_pending.leaf)
    SELECT key, leaf FROM taken ORDER BY id`;
}

/** Api and worker may insert pending rows, so what they inserted is checked again: schema, form, and the key it claims. */
function isLeaf(row: PendingRow): boolean {
  try {
    return dedupeKey(parseLeaf(row.leaf)) === row.key;
  } catch {
    return false;
  }
}

async function insertLeaves(tx: Tx, log: string, first: number, rows: readonly PendingRow[]): Promise<void> {
  const keys = rows.map((row) => row.key);
  const leaves = rows.map((row) => Buffer.from(row.leaf).toString('utf8'));
  const hashes = rows.map((row) => leafHash(row.leaf).toString('hex'));
  await tx.$executeRaw`
    INSERT INTO audit_leaf (log, idx, key, leaf, leaf_hash)
    SELECT ${log}, ${BigInt(first)}::bigint + r.n - 1, r.key, convert_to(r.leaf, 'UTF8'), decode(r.hash, 'hex')
    FROM unnest(${keys}::text[], ${leaves}::text[], ${hashes}::text[]) WITH ORDINALITY AS r (key, leaf, hash, n)`;
}

async function publish(tx: Tx, log: string, range: Range, root: Buffer, note: Buffer): Promise<void> {
  const size = BigInt(range.size);
  await tx.$queryRaw`
    WITH head AS (UPDATE audit_head SET size = ${size}, range = ${Buffer.concat(range.hashes)} WHERE log = ${log}),
         signed AS (INSERT INTO audit_checkpoint (log, size, root, note) VALUES (${log}, ${size}, ${root}, ${note}))
    SELECT pg_notify(${channels.checkpoint}, ${String(range.size)})::text`;
}
