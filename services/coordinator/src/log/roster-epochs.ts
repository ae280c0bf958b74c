import { approvalsNeeded } from '@sumveil/wire';
import { databaseNow, type Tx } from '../db/client.ts';
import { channels, notify } from '../db/notify.ts';
import { appendLeaf } from './append.ts';
import { approversOf, type Epoch, publishedEpochs, publishedKey, rosterLeafFields } from './epochs.ts';
import type { Quorum } from './quorum.ts';
import { indexOfLeaf } from './rows.ts';

/**
 * Puts a published roster in force when it may be (governance.md section 5, "Epochs"): epoch 1 when every founder has
 * cosigned one checkpoint with its `roster.published`; a later one when the quorum of the epoch before has approved it and
 * covers its publication. Call it after a cosignature or an approval; with nothing due it only reads.
 */
export async function settleRosters(log: { origin: string; quorum: Quorum }, tx: Tx): Promise<void> {
  const epochs = await publishedEpochs(tx);
  const due = epochs.findIndex((e) => !e.effective);
  if (due < 0) return;
  const [before, next] = [epochs[due - 1], epochs[due]!];
  const published = await indexOfLeaf(tx, log.origin, publishedKey(next));
  if (published === undefined) return;
  const ready = before
    ? (await approversOf(tx, before.roster, next.hash)).length >= approvalsNeeded(before.roster) &&
      (await log.quorum.covers(tx, publishedKey(next)))
    : await foundersCosigned(tx, log.origin, next, published);
  if (ready) await putInForce(tx, log.origin, next, before ? await approversOf(tx, before.roster, next.hash) : []);
}

async function foundersCosigned(tx: Tx, log: string, epoch: Epoch, published: bigint): Promise<boolean> {
  const founders = epoch.roster.members.map((m) => m.tenantRef);
  const [row] = await tx.$queryRaw<{ size: bigint }[]>`
    SELECT size FROM audit_cosig WHERE log = ${log} AND size > ${published} AND tenant_ref = ANY(${founders}::text[])
    GROUP BY size HAVING count(*) = ${founders.length} LIMIT 1`;
  return row !== undefined;
}

/** The update of one row decides who writes the leaf when two answers arrive at once. */
async function putInForce(tx: Tx, log: string, epoch: Epoch, approvedBy: number[]): Promise<void> {
  const { count } = await tx.roster.updateMany({
    where: { hash: Uint8Array.from(epoch.hash), effectiveAt: null },
    data: { effectiveAt: await databaseNow(tx) },
  });
  if (count === 0) return;
  const actor = { kind: 'service', ref: 'log', via: 'witness' } as const;
  await appendLeaf(tx, log, { type: 'roster.effective', actor, ...rosterLeafFields(epoch, approvedBy) }, false);
  await notify(tx, channels.run, 'roster');
}
