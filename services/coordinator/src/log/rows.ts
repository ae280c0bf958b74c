import type { Tx } from '../db/client.ts';

/** A signed checkpoint as stored: size, 32-byte root, and the note with the log's own signature line only. */
export interface CheckpointRow {
  readonly size: bigint;
  readonly root: Buffer;
  readonly note: Buffer;
  readonly at: Date;
}

interface Raw {
  size: bigint;
  root: Uint8Array;
  note: Uint8Array;
  at: Date;
}

// Raw SQL on purpose: every round waits for these reads, several times, in every process.

export async function newestCheckpoint(tx: Tx, log: string): Promise<CheckpointRow | undefined> {
  const rows = await tx.$queryRaw<Raw[]>`
    SELECT size, root, note, at FROM audit_checkpoint WHERE log = ${log} ORDER BY size DESC LIMIT 1`;
  return rows.map(checkpointOf)[0];
}

export async function checkpointAt(tx: Tx, log: string, size: bigint): Promise<CheckpointRow | undefined> {
  const rows = await tx.$queryRaw<Raw[]>`
    SELECT size, root, note, at FROM audit_checkpoint WHERE log = ${log} AND size = ${size}`;
  return rows.map(checkpointOf)[0];
}

/** Position of the leaf of a change, undefined while it is pending or unknown. */
export async function indexOfLeaf(tx: Tx, log: string, key: string): Promise<bigint | undefined> {
  const rows = await tx.$queryRaw<{ idx: bigint }[]>`SELECT idx FROM audit_leaf WHERE log = ${log} AND key = ${key}`;
  return rows[0]?.idx;
}

/** Signature lines of the witnesses of a size, in the order of their refs. */
export async function cosignatureLines(tx: Tx, log: string, size: bigint): Promise<string[]> {
  const rows = await tx.$queryRaw<{ line: string }[]>`
    SELECT line FROM audit_cosig WHERE log = ${log} AND size = ${size} ORDER BY tenant_ref`;
  return rows.map((row) => row.line);
}

function checkpointOf(row: Raw): CheckpointRow {
  return { size: row.size, root: Buffer.from(row.root), note: Buffer.from(row.note), at: row.at };
}
