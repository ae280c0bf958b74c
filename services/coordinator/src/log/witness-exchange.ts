import { dedupeKey, type Leaf } from '@sumveil/transparency';
import { writtenDigest } from '@sumveil/wire';
import type { Database, Tx } from '../db/client.ts';
import { channels, notify } from '../db/notify.ts';
import { isCoordinatorError } from '../error.ts';
import { enqueue } from '../outbox/enqueue.ts';
import { appendLeaf, hasLeaf } from './append.ts';
import { type Epoch, publishedEpochs } from './epochs.ts';
import type { Quorum } from './quorum.ts';
import { settleRosters } from './roster-epochs.ts';
import { checkpointAt, newestCheckpoint } from './rows.ts';
import { type Reading, readAnswer, refused, type WitnessAnswer } from './witness-answer.ts';

export interface Received {
  readonly kind: Reading['kind'];
  /** This answer completed the quorum of its checkpoint. */
  readonly quorum: boolean;
}

const logActor = { kind: 'service', ref: 'log', via: 'witness' } as const;

export interface WitnessAnswers {
  /** @throws CoordinatorError `MESSAGE_REFUSED` */
  receive(tenantRef: string, answer: WitnessAnswer): Promise<Received>;
}

/** A witness's clock may be this far ahead (governance.md section 9, F14). */
const CLOCK_LEEWAY_SECONDS = 300;

/**
 * Takes witnesses' answers. A cosignature is one committed insert, and only after that the count is made, so that of
 * several witnesses answering at once the last one always sees them all and announces the quorum.
 */
export function createWitnessAnswers(db: Database, log: { origin: string; quorum: Quorum }): WitnessAnswers {
  let announced = 0n;
  return {
    async receive(tenantRef, answer) {
      const epochs = await publishedEpochs(db.prisma, log.origin);
      const reading = await readAnswer(db.prisma, log.origin, epochs, tenantRef, answer);
      if (reading.kind === 'fork') await db.transaction((tx) => recordFork(tx, log, answer.size));
      if (reading.kind !== 'cosigned') return { kind: reading.kind, quorum: false };
      await storeCosignature(db.prisma, log.origin, tenantRef, answer.size, reading);
      if (answer.size <= announced || !(await mayBeEnough(db.prisma, log.origin, epochs, answer.size))) {
        return { kind: 'cosigned', quorum: false };
      }
      const settled = await db.transaction((tx) => settle(tx, log, answer.size));
      if (settled !== 'open' && answer.size > announced) announced = answer.size;
      return { kind: 'cosigned', quorum: settled === 'announced' };
    },
  };
}

/** One statement of its own: judged by the database's clock, and a repeat changes nothing. */
async function storeCosignature(
  tx: Tx,
  log: string,
  tenantRef: string,
  size: bigint,
  found: { line: string; keyId: string; time: number },
): Promise<void> {
  const time = BigInt(found.time);
  const [row] = await tx.$queryRaw<{ ahead: boolean }[]>`
    WITH kept AS (
      INSERT INTO audit_cosig (log, size, tenant_ref, key_id, time, line)
      SELECT ${log}, ${size}, ${tenantRef}, ${found.keyId}, ${time}, ${found.line}
      WHERE ${time} <= extract(epoch FROM now()) + ${CLOCK_LEEWAY_SECONDS}
      ON CONFLICT DO NOTHING
    )
    SELECT ${time} > extract(epoch FROM now()) + ${CLOCK_LEEWAY_SECONDS} AS ahead`;
  if (row?.ahead) throw refused('its time is ahead; correct the clock');
}

/** Cheap look before the real count: most answers do not complete anything. */
async function mayBeEnough(tx: Tx, log: string, epochs: readonly Epoch[], size: bigint): Promise<boolean> {
  const effective = epochs.filter((epoch) => epoch.effective);
  const founders = epochs.find((epoch) => epoch.roster.epoch === 1)?.roster.members.length ?? 0;
  const least = effective.length > 0 ? Math.min(...effective.map((e) => e.roster.witnessQuorum)) : founders;
  const [row] = await tx.$queryRaw<{ have: number }[]>`
    SELECT count(*)::int AS have FROM audit_cosig WHERE log = ${log} AND size = ${size}`;
  return row!.have >= least;
}

/** Announces a size whose quorum is complete, once, and lets rosters take effect. */
async function settle(
  tx: Tx,
  log: { origin: string; quorum: Quorum },
  size: bigint,
): Promise<'announced' | 'known' | 'open'> {
  await settleRosters(log, tx);
  const covered = await log.quorum.newest(tx);
  if (!covered || covered.size < size) return 'open';
  if (covered.size > size) return 'known';
  const fresh = await enqueue(tx, { topic: 'log.quorum', ref: String(size), dedupe: `log.quorum/${size}` });
  if (!fresh) return 'known';
  await notify(tx, channels.quorum, String(size));
  await recordQuorum(tx, log.origin, size);
  return 'announced';
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
