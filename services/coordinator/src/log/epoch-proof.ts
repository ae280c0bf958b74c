import { addLines, countQuorum } from '@sumveil/transparency';
import { approvalsNeeded, decodeSignedList, type Roster, rosterApprovers } from '@sumveil/wire';
import type { Tx } from '../db/client.ts';
import { checkpointAt, cosignatureLines, indexOfLeaf } from './rows.ts';

interface Published {
  readonly roster: Roster;
  readonly hash: Buffer;
  /** Dedupe key of its `roster.published`. */
  readonly key: string;
}

/**
 * Whether a published roster may be in force (governance.md section 5, "Epochs"), from signatures alone: epoch 1 when every
 * founder has cosigned one checkpoint with its publication; a later one when the quorum of the epoch before has approved it
 * and cosigned its publication. Rows that say so are what a process wrote, not what members signed.
 */
export async function mayBeInForce(tx: Tx, log: string, next: Published, before: Roster | undefined): Promise<boolean> {
  const published = await indexOfLeaf(tx, log, next.key);
  if (published === undefined || (next.roster.epoch > 1 && !before)) return false;
  const witnesses = before ?? next.roster;
  const needed = before ? before.witnessQuorum : next.roster.members.length;
  if (before && (await approversOf(tx, before, next.hash)).length < approvalsNeeded(before)) return false;
  return await anyCosigned(tx, log, { beyond: published, witnesses, needed });
}

/** Members of the old epoch that approved the new one, by the messages received. */
export async function approversOf(tx: Tx, old: Roster, hash: Uint8Array): Promise<number[]> {
  const rows = await tx.rosterApproval.findMany({ where: { rosterHash: Uint8Array.from(hash) } });
  return rosterApprovers(
    old,
    hash,
    rows.flatMap((row) => signedMessages(row.message)),
  );
}

function signedMessages(bytes: Uint8Array) {
  try {
    return decodeSignedList(bytes);
  } catch {
    return [];
  }
}

async function anyCosigned(
  tx: Tx,
  log: string,
  o: { beyond: bigint; witnesses: Roster; needed: number },
): Promise<boolean> {
  const refs = o.witnesses.members.map((member) => member.tenantRef);
  const rows = await tx.$queryRaw<{ size: bigint }[]>`
    SELECT size FROM audit_cosig WHERE log = ${log} AND size > ${o.beyond} AND tenant_ref = ANY(${refs}::text[])
    GROUP BY size HAVING count(*) >= ${o.needed} ORDER BY size LIMIT 16`;
  for (const { size } of rows) if (await cosigned(tx, log, size, o)) return true;
  return false;
}

async function cosigned(tx: Tx, log: string, size: bigint, o: { witnesses: Roster; needed: number }): Promise<boolean> {
  const checkpoint = await checkpointAt(tx, log, size);
  if (!checkpoint) return false;
  try {
    const note = addLines(checkpoint.note, await cosignatureLines(tx, log, size));
    const { have, checkpoint: signed } = countQuorum(note, o.witnesses);
    return have >= o.needed && BigInt(signed.size) === size && checkpoint.root.equals(signed.root);
  } catch {
    // A bad line under a known key spoils this note; another size may still stand.
    return false;
  }
}
