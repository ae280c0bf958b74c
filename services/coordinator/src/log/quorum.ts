import { addLines, countQuorum } from '@sumveil/transparency';
import type { Roster } from '@sumveil/wire';
import type { Tx } from '../db/client.ts';
import { type Epoch, publishedEpochs, rosterAtSize } from './epochs.ts';
import { type CheckpointRow, checkpointAt, cosignatureLines, indexOfLeaf, newestCheckpoint } from './rows.ts';

/** A checkpoint that as many witnesses cosigned as its roster asks for; `note` carries their lines. */
export interface CoveredCheckpoint {
  readonly size: bigint;
  readonly root: Buffer;
  readonly note: Buffer;
  readonly roster: Roster;
}

export interface WitnessCount {
  readonly have: number;
  /** 0 before a roster is in force: nothing can have quorum then. */
  readonly needs: number;
}

export interface Quorum {
  newest(tx: Tx): Promise<CoveredCheckpoint | undefined>;
  /** True when the leaf is in a checkpoint with quorum. */
  covers(tx: Tx, leafKey: string): Promise<boolean>;
  at(tx: Tx, checkpoint: CheckpointRow): Promise<WitnessCount>;
  /** Newest checkpoint with every cosignature it has. */
  latest(tx: Tx): Promise<{ checkpoint: CheckpointRow; note: Buffer } | undefined>;
}

/** Leaves that are asked about again and again while an act waits for them. */
const KEPT_INDICES = 256;

/**
 * Witness quorum by recomputation: every cosignature is verified again with the roster's keys before it counts, since
 * rows can be written by whoever holds the database. What was verified once is kept, because a signed tree only grows.
 */
export function createQuorum(log: string): Quorum {
  let known: CoveredCheckpoint | undefined;
  const indices = new Map<string, bigint>();

  async function newest(tx: Tx): Promise<CoveredCheckpoint | undefined> {
    const epochs = await publishedEpochs(tx, log);
    const effective = epochs.filter((e) => e.effective);
    if (effective.length === 0) return known;
    const least = Math.min(...effective.map((e) => e.roster.witnessQuorum));
    const rows = await tx.$queryRaw<{ size: bigint }[]>`
      SELECT size FROM audit_cosig WHERE log = ${log} AND size > ${known?.size ?? 0n}
      GROUP BY size HAVING count(*) >= ${least} ORDER BY size DESC`;
    for (const { size } of rows) {
      const verified = await verify(tx, log, epochs, size);
      if (verified) {
        known = verified;
        break;
      }
    }
    return known;
  }

  return {
    newest,
    async covers(tx, leafKey) {
      const index = indices.get(leafKey) ?? (await indexOfLeaf(tx, log, leafKey));
      if (index === undefined) return false;
      indices.set(leafKey, index);
      if (indices.size > KEPT_INDICES) indices.delete(indices.keys().next().value!);
      if (known && index < known.size) return true;
      const checkpoint = await newest(tx);
      return checkpoint !== undefined && index < checkpoint.size;
    },
    async at(tx, checkpoint) {
      const roster = await rosterAtSize(tx, log, await publishedEpochs(tx, log), checkpoint.size);
      if (!roster) return { have: 0, needs: 0 };
      const { have, needs } = countQuorum(await cosignedNote(tx, log, checkpoint), roster);
      return { have, needs };
    },
    async latest(tx) {
      const checkpoint = await newestCheckpoint(tx, log);
      return checkpoint && { checkpoint, note: await cosignedNote(tx, log, checkpoint) };
    },
  };
}

async function verify(
  tx: Tx,
  log: string,
  epochs: readonly Epoch[],
  size: bigint,
): Promise<CoveredCheckpoint | undefined> {
  const roster = await rosterAtSize(tx, log, epochs, size);
  const checkpoint = await checkpointAt(tx, log, size);
  if (!roster || !checkpoint) return undefined;
  const note = await cosignedNote(tx, log, checkpoint);
  try {
    const { ok, checkpoint: signed } = countQuorum(note, roster);
    const same = BigInt(signed.size) === size && checkpoint.root.equals(signed.root);
    return ok && same ? { size, root: checkpoint.root, note, roster } : undefined;
  } catch {
    // A bad signature under a known key rejects the note; an older checkpoint may still stand.
    return undefined;
  }
}

async function cosignedNote(tx: Tx, log: string, checkpoint: CheckpointRow): Promise<Buffer> {
  return addLines(checkpoint.note, await cosignatureLines(tx, log, checkpoint.size));
}
