import { dedupeKey, type EventType, type Leaf, type LeafOf, parseLeaf } from '@sumveil/transparency';
import type { CheckContext } from './check.ts';

/**
 * The leaf is handed in but not sequenced yet. Not a fault: this process's own sequencer is woken, and the request is looked
 * at again.
 */
export class LeafPending extends Error {}

/** Dedupe key of a leaf of this type, from the fields that make it up. */
export function leafKeyOf<T extends EventType>(type: T, fields: Partial<LeafOf<T>>): string {
  return dedupeKey({ type, ...fields } as unknown as Leaf);
}

/**
 * A leaf as this log has sequenced it. The signer alone writes `audit_leaf`, and rights say which process may hand in which
 * type, so this is evidence where a row of another table is only a claim.
 *
 * @throws LeafPending
 */
export async function sequencedLeaf<T extends EventType>(
  { tx, log }: Pick<CheckContext, 'tx' | 'log'>,
  type: T,
  fields: Partial<LeafOf<T>>,
): Promise<LeafOf<T> | undefined> {
  const key = leafKeyOf(type, fields);
  // One statement: sequencing moves the row from one table to the other.
  const [row] = await tx.$queryRaw<{ leaf: Uint8Array | null; pending: boolean }[]>`
    SELECT (SELECT leaf FROM audit_leaf WHERE log = ${log.origin} AND key = ${key}) AS leaf,
           EXISTS (SELECT FROM audit_pending WHERE log = ${log.origin} AND key = ${key}) AS pending`;
  if (row?.leaf) return parseLeaf(row.leaf) as unknown as LeafOf<T>;
  if (row?.pending) throw new LeafPending();
  return undefined;
}
