import { dedupeKey, type Leaf, type LeafOf } from '@sumveil/transparency';
import { fromBase64url, parseRoster, type Roster, rosterHash, writtenDigest } from '@sumveil/wire';
import type { Tx } from '../db/client.ts';
import { mayBeInForce } from './epoch-proof.ts';
import { indexOfLeaf } from './rows.ts';

export interface Epoch {
  readonly body: Buffer;
  readonly hash: Buffer;
  readonly roster: Roster;
  readonly effective: boolean;
}

interface EpochRow {
  hash: Uint8Array;
  roster_id: string;
  effective: boolean;
}

/** Bodies never change under their hash, so each is read and parsed once a process. */
const bodies = new Map<string, Pick<Epoch, 'body' | 'hash' | 'roster'>>();

/** Log and hash of every epoch whose signatures were found to put it in force; they do not go away again. */
const proven = new Set<string>();

/**
 * Every published epoch of the newest roster id, oldest first. In force is what a process has said to be (`effective_at`)
 * and what the members' signatures bear out.
 */
export async function publishedEpochs(tx: Tx, log: string): Promise<Epoch[]> {
  const rows = await tx.$queryRaw<EpochRow[]>`
    SELECT hash, roster_id, effective_at IS NOT NULL AS effective FROM roster ORDER BY published_at, epoch`;
  const current = rows.at(-1)?.roster_id;
  const epochs: Epoch[] = [];
  for (const row of rows.filter((one) => one.roster_id === current)) {
    const read = await rosterOf(tx, row.hash);
    const before = epochs.findLast((epoch) => epoch.effective);
    const effective = row.effective && (await isInForce(tx, log, read, before));
    epochs.push({ ...read, effective });
  }
  return epochs;
}

async function isInForce(
  tx: Tx,
  log: string,
  epoch: Pick<Epoch, 'hash' | 'roster'>,
  before: Epoch | undefined,
): Promise<boolean> {
  const name = `${log} ${epoch.hash.toString('hex')}`;
  if (proven.has(name)) return true;
  const follows = epoch.roster.epoch === 1 ? before === undefined : before?.roster.epoch === epoch.roster.epoch - 1;
  const published = { ...epoch, key: publishedKey(epoch) };
  if (!follows || !(await mayBeInForce(tx, log, published, before?.roster))) return false;
  proven.add(name);
  return true;
}

async function rosterOf(tx: Tx, hash: Uint8Array): Promise<Pick<Epoch, 'body' | 'hash' | 'roster'>> {
  const key = Buffer.from(hash).toString('hex');
  const known = bodies.get(key);
  if (known) return known;
  const row = await tx.roster.findUniqueOrThrow({ where: { hash: Uint8Array.from(hash) }, select: { body: true } });
  const body = Buffer.from(row.body);
  const read = { body, hash: rosterHash(body), roster: parseRoster(body) };
  if (!read.hash.equals(hash)) throw new RangeError(`a roster row holds a body with another hash than ${key}`);
  bodies.set(key, read);
  return read;
}

/**
 * Roster whose witnesses and k count for a checkpoint of this size (governance.md section 5): the newest epoch whose
 * `roster.effective` is below it. Epoch 1 covers everything from its own publication on, because its founders' first
 * cosignatures are what put it in force.
 */
export async function rosterAtSize(
  tx: Tx,
  log: string,
  epochs: readonly Epoch[],
  size: bigint,
): Promise<Roster | undefined> {
  for (const epoch of epochs.filter((e) => e.effective).toReversed()) {
    const leaf = epoch.roster.epoch === 1 ? publishedKey(epoch) : effectiveKey(epoch);
    const index = await indexOfLeaf(tx, log, leaf);
    if (index !== undefined && index < size) return epoch.roster;
  }
  return undefined;
}

type RosterFields = Pick<
  LeafOf<'roster.published'>,
  'rosterEpoch' | 'rosterHash' | 'prevRoster' | 'members' | 'witnessQuorum' | 'approvedBy'
>;

/** Fields of `roster.published` and `roster.effective`. */
export function rosterLeafFields(epoch: Pick<Epoch, 'roster' | 'hash'>, approvedBy: number[]): RosterFields {
  const { roster, hash } = epoch;
  return {
    rosterEpoch: roster.epoch,
    rosterHash: writtenDigest(hash),
    prevRoster: writtenDigest(fromBase64url(roster.prevRoster, 32)),
    members: roster.members.map(({ idx, tenantRef }) => ({ idx, tenantRef })),
    witnessQuorum: roster.witnessQuorum,
    approvedBy,
  };
}

export function publishedKey(epoch: Pick<Epoch, 'roster' | 'hash'>): string {
  return dedupeKey({ type: 'roster.published', ...rosterLeafFields(epoch, []) } as unknown as Leaf);
}

function effectiveKey(epoch: Pick<Epoch, 'roster' | 'hash'>): string {
  return dedupeKey({ type: 'roster.effective', ...rosterLeafFields(epoch, []) } as unknown as Leaf);
}
