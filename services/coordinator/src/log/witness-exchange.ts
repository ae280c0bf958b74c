import { dedupeKey, type Leaf } from '@sumveil/transparency';
import { writtenDigest } from '@sumveil/wire';
import type { Database, Tx } from '../db/client.ts';
import { channels, notify } from '../db/notify.ts';
import { isCoordinatorError } from '../error.ts';
import { enqueue } from '../outbox/enqueue.ts';
import { appendLeaf, hasLeaf } from './append.ts';
import type { Quorum } from './quorum.ts';
import { settleRosters } from './roster-epochs.ts';
import { checkpointAt, newestCheckpoint } from './rows.ts';
import { type Reading, readAnswer, type WitnessAnswer } from './witness-answer.ts';

export interface Received {
  readonly kind: Reading['kind'];
  /** This answer completed the quorum of its checkpoint. */
  readonly quorum: boolean;
}

const logActor = { kind: 'service', ref: 'log', via: 'witness' } as const;

/**
 * Takes a witness's answer. The cosignature is one committed insert; only after that the count is made, so that of several
 * witnesses answering at once the last one always sees them all and announces the quorum.
 */
export async function receiveAnswer(
  db: Database,
  log: { origin: string; quorum: Quorum },
  tenantRef: string,
  answer: WitnessAnswer,
): Promise<Received> {
  const reading = await db.transaction(async (tx) => {
    const found = await readAnswer(tx, log.origin, tenantRef, answer);
    if (found.kind === 'cosigned') await storeCosignature(tx, log.origin, tenantRef, answer.size, found);
    if (found.kind === 'fork') await recordFork(tx, log, answer.size);
    return found;
  });
  if (reading.kind !== 'cosigned') return { kind: reading.kind, quorum: false };
  const quorum = await db.transaction((tx) => settle(tx, log, answer.size));
  return { kind: 'cosigned', quorum };
}

async function storeCosignature(
  tx: Tx,
  log: string,
  tenantRef: string,
  size: bigint,
  found: { line: string; keyId: string; time: number },
): Promise<void> {
  await tx.auditCosig.createMany({
    data: [{ log, size, tenantRef, keyId: found.keyId, time: BigInt(found.time), line: found.line }],
    skipDuplicates: true,
  });
}

/** Announces a size whose quorum is complete, once, and lets rosters take effect. */
async function settle(tx: Tx, log: { origin: string; quorum: Quorum }, size: bigint): Promise<boolean> {
  await settleRosters(log, tx);
  const covered = await log.quorum.newest(tx);
  if (!covered || covered.size !== size) return false;
  const fresh = await enqueue(tx, { topic: 'log.quorum', ref: String(size), dedupe: `log.quorum/${size}` });
  if (!fresh) return false;
  await notify(tx, channels.quorum, String(size));
  await recordQuorum(tx, log.origin, size);
  return true;
}

/** Rides with the next business leaf: the sequencer makes no checkpoint for it alone. */
async function recordQuorum(tx: Tx, log: string, size: bigint): Promise<void> {
  const checkpoint = await checkpointAt(tx, log, size);
  const lines = await tx.auditCosig.findMany({ where: { log, size }, orderBy: { tenantRef: 'asc' } });
  const times = lines.map((line) => Number(line.time)).toSorted((a, b) => a - b);
  await appendLeaf(
    tx,
    log,
    {
      type: 'witness.cosigned',
      actor: logActor,
      size: Number(size),
      root: writtenDigest(checkpoint!.root),
      keyIds: lines.map((line) => line.keyId),
      firstTime: times[0]!,
      lastTime: times.at(-1)!,
    },
    false,
  );
}

/** The leaf freezes releases (governance.md section 5); a second claim about the same size adds nothing. */
export async function recordFork(tx: Tx, log: { origin: string; quorum: Quorum }, size: bigint): Promise<void> {
  const checkpoint = (await checkpointAt(tx, log.origin, size)) ?? (await newestCheckpoint(tx, log.origin));
  if (!checkpoint) return;
  const leaf = {
    type: 'witness.fork_detected',
    actor: logActor,
    size: Number(checkpoint.size),
    root: writtenDigest(checkpoint.root),
    ...(await log.quorum.at(tx, checkpoint)),
  } as const;
  if (await hasLeaf(tx, log.origin, dedupeKey(leaf as unknown as Leaf))) return;
  await appendLeaf(tx, log.origin, leaf, true).catch((error: unknown) => {
    // Two witnesses claimed it at once; one leaf is enough.
    if (!isCoordinatorError(error, 'CONFLICT')) throw error;
  });
}
