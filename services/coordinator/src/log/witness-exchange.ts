import { digestOf, writtenDigest } from '@sumveil/wire';
import type { Database, Tx } from '../db/client.ts';
import { channels, notify } from '../db/notify.ts';
import { isCoordinatorError } from '../error.ts';
import { appendLeaf, type LeafInput } from './append.ts';
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
  /** Tenants whose claim is in the log already, until they cosign again: a claim costs nothing to make. */
  const claimed = new Set<string>();
  return {
    async receive(tenantRef, answer) {
      const epochs = await publishedEpochs(db.prisma, log.origin);
      const reading = await readAnswer(db.prisma, log.origin, epochs, tenantRef, answer);
      if (reading.kind === 'fork') await db.transaction((tx) => recordFork(tx, log, answer, reading.keyId));
      if (reading.kind === 'claimed' && !claimed.has(tenantRef)) {
        claimed.add(tenantRef);
        await db.transaction((tx) => recordClaim(tx, log, answer, reading.keyId));
      }
      if (reading.kind !== 'cosigned') return { kind: reading.kind, quorum: false };
      claimed.delete(tenantRef);
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
  if (!(await recordQuorum(tx, log.origin, size))) return 'known';
  await notify(tx, channels.quorum, String(size));
  return 'announced';
}

/**
 * Rides with the next business leaf: the sequencer makes no checkpoint for it alone.
 *
 * @returns false when the size is announced already
 */
async function recordQuorum(tx: Tx, log: string, size: bigint): Promise<boolean> {
  const checkpoint = await checkpointAt(tx, log, size);
  const lines = await tx.auditCosig.findMany({ where: { log, size }, orderBy: { tenantRef: 'asc' } });
  const times = lines.map((line) => Number(line.time)).toSorted((a, b) => a - b);
  return await appendOnce(
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

type WitnessLog = { origin: string; quorum: Quorum };

/** The leaf freezes releases (governance.md section 5); the same checkpoint shown again adds nothing. */
async function recordFork(tx: Tx, log: WitnessLog, answer: WitnessAnswer, keyId: string | undefined): Promise<void> {
  const requestDigest = digestOf(Buffer.from(answer.note!, 'utf8'));
  const state = await stateOf(tx, log);
  const said = { ...(keyId ? { keyId } : {}), requestDigest, answer: String(answer.status) };
  if (state) await appendOnce(tx, log.origin, { type: 'witness.fork_detected', ...state, ...said }, true);
}

/** What one tenant says without showing it: people see who said it; this witness counts as absent. */
async function recordClaim(tx: Tx, log: WitnessLog, answer: WitnessAnswer, keyId: string | undefined): Promise<void> {
  const state = await stateOf(tx, log);
  const said = { ...(keyId ? { keyId } : {}), answer: `FORK_CLAIMED.${answer.status}` };
  if (state) await appendOnce(tx, log.origin, { type: 'witness.below_quorum', ...state, ...said }, false);
}

async function stateOf(tx: Tx, log: WitnessLog) {
  const checkpoint = await newestCheckpoint(tx, log.origin);
  if (!checkpoint) return undefined;
  const { size, root } = checkpoint;
  return { actor: logActor, size: Number(size), root: writtenDigest(root), ...(await log.quorum.at(tx, checkpoint)) };
}

/** False when somebody was first: one leaf is enough. */
async function appendOnce(tx: Tx, log: string, leaf: LeafInput, gated: boolean): Promise<boolean> {
  try {
    await appendLeaf(tx, log, leaf, gated);
    return true;
  } catch (error) {
    if (isCoordinatorError(error, 'CONFLICT')) return false;
    throw error;
  }
}
