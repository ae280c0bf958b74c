import type { Tx } from '../db/client.ts';

/** A signed checkpoint as stored: size, 32-byte root, and the note with the log's own signature lines only. */
export interface CheckpointRow {
  readonly size: bigint;
  readonly root: Buffer;
  readonly note: Buffer;
  readonly at: Date;
}

export async function newestCheckpoint(tx: Tx, log: string): Promise<CheckpointRow | undefined> {
  const row = await tx.auditCheckpoint.findFirst({ where: { log }, orderBy: { size: 'desc' } });
  return row ? checkpointOf(row) : undefined;
}

export async function checkpointAt(tx: Tx, log: string, size: bigint): Promise<CheckpointRow | undefined> {
  const row = await tx.auditCheckpoint.findUnique({ where: { log_size: { log, size } } });
  return row ? checkpointOf(row) : undefined;
}

/** Position of the leaf of a change, undefined while it is pending or unknown. */
export async function indexOfLeaf(tx: Tx, log: string, key: string): Promise<bigint | undefined> {
  const row = await tx.auditLeaf.findUnique({ where: { log_key: { log, key } }, select: { idx: true } });
  return row?.idx;
}

function checkpointOf(row: { size: bigint; root: Uint8Array; note: Uint8Array; at: Date }): CheckpointRow {
  return { size: row.size, root: Buffer.from(row.root), note: Buffer.from(row.note), at: row.at };
}
