import { databaseNow, type Tx } from '../db/client.ts';
import { channels, notify } from '../db/notify.ts';
import { appendLeaf } from './append.ts';
import { approversOf, mayBeInForce } from './epoch-proof.ts';
import { type Epoch, publishedEpochs, publishedKey, rosterLeafFields } from './epochs.ts';

/**
 * Puts a published roster in force when it may be (governance.md section 5, "Epochs"): epoch 1 when every founder has
 * cosigned one checkpoint with its `roster.published`; a later one when the quorum of the epoch before has approved it and
 * covers its publication. Call it after a cosignature or an approval; with nothing due it only reads.
 */
export async function settleRosters(log: { origin: string }, tx: Tx): Promise<void> {
  const epochs = await publishedEpochs(tx, log.origin);
  const due = epochs.findIndex((e) => !e.effective);
  if (due < 0) return;
  const [before, next] = [epochs[due - 1], epochs[due]!];
  const published = { ...next, key: publishedKey(next) };
  if (!(await mayBeInForce(tx, log.origin, published, before?.roster))) return;
  await putInForce(tx, log.origin, next, before ? await approversOf(tx, before.roster, next.hash) : []);
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
