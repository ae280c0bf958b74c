import { dedupeKey, encodeLeaf, type Leaf } from '@sumveil/transparency';
import { v7 as uuidv7 } from 'uuid';
import type { Tx } from '../db/client.ts';
import { channels } from '../db/notify.ts';
import { CoordinatorError } from '../error.ts';

type Filled = 'v' | 'id' | 'time' | 'runSeq';
type WithoutFilled<L> = L extends unknown ? Omit<L, Filled> : never;

/** A leaf as the business code knows it: id, database time and the run's sequence number are filled in on append. */
export type LeafInput = WithoutFilled<Leaf>;

export interface Appended {
  /** Type + entity + step (governance.md section 5): names the leaf from now on. */
  readonly key: string;
  readonly time: Date;
}

/**
 * Writes the one leaf of a change in the transaction of that change. A leaf of a run takes its number under the lock of the
 * run's row, so numbers have no gap and a leaf left out of a report shows.
 *
 * @param gated an act waits for this leaf: the sequencer is woken at commit
 * @throws CoordinatorError `CONFLICT` when the change already has its leaf, which rolls the repeat back
 */
export async function appendLeaf(tx: Tx, log: string, input: LeafInput, gated: boolean): Promise<Appended> {
  const { time, runSeq } = await numberAndTime(tx, input.run);
  const value = { ...input, v: 1, id: uuidv7(), time: time.toISOString(), ...(runSeq === undefined ? {} : { runSeq }) };
  const bytes = encodeLeaf(value as Leaf);
  const key = dedupeKey(value as Leaf);
  const [row] = await tx.$queryRaw<{ inserted: number }[]>`
    WITH known AS (
      INSERT INTO audit_dedupe (log, key) VALUES (${log}, ${key}) ON CONFLICT DO NOTHING RETURNING 1
    ), pending AS (
      INSERT INTO audit_pending (log, key, leaf, gated) SELECT ${log}, ${key}, ${bytes}, ${gated} FROM known RETURNING 1
    ), woken AS (
      SELECT pg_notify(${channels.leaf}, '') FROM pending WHERE ${gated}
    )
    SELECT ((SELECT count(*) FROM pending) + 0 * (SELECT count(*) FROM woken))::int AS inserted`;
  if (row?.inserted !== 1) {
    throw new CoordinatorError(
      'CONFLICT',
      `This change is already in the log (${input.type}); read the present state.`,
    );
  }
  return { key, time };
}

/** True when the change with this dedupe key has its leaf, sequenced or pending. */
export async function hasLeaf(tx: Tx, log: string, key: string): Promise<boolean> {
  return (await tx.auditDedupe.count({ where: { log, key } })) > 0;
}

async function numberAndTime(tx: Tx, run: string | undefined): Promise<{ time: Date; runSeq?: number }> {
  if (run === undefined) {
    const [row] = await tx.$queryRaw<
      { ms: number }[]
    >`SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms`;
    return { time: new Date(row!.ms) };
  }
  const [row] = await tx.$queryRaw<{ run_seq: number; ms: number }[]>`
    UPDATE run SET run_seq = run_seq + 1 WHERE id = ${run}
    RETURNING run_seq, floor(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms`;
  if (!row) throw new CoordinatorError('NOT_FOUND', `No leaf was written: run ${run} does not exist.`);
  return { time: new Date(row.ms), runSeq: row.run_seq };
}
