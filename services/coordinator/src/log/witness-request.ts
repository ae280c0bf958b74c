import { addCheckpointBody } from '@sumveil/transparency';
import { memberByTenant } from '@sumveil/wire';
import type { Database, Tx } from '../db/client.ts';
import { channels, type Notifications } from '../db/notify.ts';
import { CoordinatorError } from '../error.ts';
import { type Epoch, publishedEpochs, publishedKey } from './epochs.ts';
import type { Proofs } from './proofs.ts';
import { type CheckpointRow, indexOfLeaf, newestCheckpoint } from './rows.ts';

export interface WitnessRequests {
  /**
   * Body of C2SP tlog-witness add-checkpoint for a witness that stands at `size`.
   *
   * @returns undefined when there is nothing newer, `ahead` when the witness knows more than the database
   * @throws CoordinatorError `ROSTER_NONE` when no published roster names the tenant
   */
  next(tenantRef: string, size: bigint): Promise<Buffer | 'ahead' | undefined>;
}

interface View {
  readonly epochs: readonly Epoch[];
  /** Newest checkpoint that witnesses may be shown. */
  readonly checkpoint: CheckpointRow | undefined;
}

/**
 * Every witness asks the same question the moment a checkpoint is signed, so the rows are read once for all of them and
 * one body is made for each size they stand at.
 */
export function createWitnessRequests(o: {
  origin: string;
  proofs: Proofs;
  db: Database;
  notify: Notifications;
  /** How long a view is good without a notification; the poll of a held-open request is slower. */
  viewMs: number;
}): WitnessRequests {
  const bodies = new Map<string, Promise<Buffer>>();
  let view: { at: number; read: Promise<View> } | undefined;
  const forget = () => {
    view = undefined;
  };
  // Registered before any waiter's own handler: what they read after a notification is read anew.
  o.notify.on(channels.checkpoint, forget);

  async function current(): Promise<View> {
    if (!view || performance.now() - view.at > o.viewMs) {
      view = { at: performance.now(), read: readView(o.db.prisma, o.origin) };
      view.read.catch(forget);
    }
    return view.read;
  }

  async function make(old: bigint, checkpoint: CheckpointRow): Promise<Buffer> {
    const proof = old === 0n ? [] : await o.proofs.consistency(o.db.prisma, old, checkpoint.size);
    return addCheckpointBody({ old: Number(old), proof, note: checkpoint.note });
  }

  return {
    async next(tenantRef, size) {
      const { epochs, checkpoint } = await current();
      requireWitness(epochs, tenantRef);
      if (!checkpoint) return undefined;
      if (size >= checkpoint.size) return size > checkpoint.size ? await surely(o, size) : undefined;
      const key = `${size}-${checkpoint.size}`;
      const body = bodies.get(key) ?? make(size, checkpoint);
      bodies.set(key, body);
      body.catch(() => bodies.delete(key));
      if (bodies.size > 64) bodies.delete(bodies.keys().next().value!);
      return await body;
    },
  };
}

/** A view may be a moment old; that somebody is ahead of the database is said only after a look at it. */
async function surely(o: { db: Database; origin: string }, size: bigint): Promise<'ahead' | undefined> {
  const newest = await newestCheckpoint(o.db.prisma, o.origin);
  return size > (newest?.size ?? 0n) ? 'ahead' : undefined;
}

async function readView(tx: Tx, log: string): Promise<View> {
  const epochs = await publishedEpochs(tx, log);
  const checkpoint = await newestCheckpoint(tx, log);
  return {
    epochs,
    checkpoint: checkpoint && (await coversFounding(tx, log, epochs, checkpoint)) ? checkpoint : undefined,
  };
}

/** Members of the roster in force, and before that of the first one: founders witness it into force. */
function requireWitness(epochs: readonly Epoch[], tenantRef: string): void {
  const counting = epochs.filter((e) => e.effective || e.roster.epoch === 1);
  if (!counting.some((e) => memberByTenant(e.roster, tenantRef))) {
    throw new CoordinatorError(
      'ROSTER_NONE',
      'No published roster names this tenant as a witness; the platform operator publishes one, then ask again.',
    );
  }
}

/** Each founder starts at a checkpoint with its roster in it, so that everything before is covered too. */
async function coversFounding(tx: Tx, log: string, epochs: readonly Epoch[], at: CheckpointRow): Promise<boolean> {
  if (epochs.some((e) => e.effective)) return true;
  const first = epochs.find((e) => e.roster.epoch === 1);
  const index = first && (await indexOfLeaf(tx, log, publishedKey(first)));
  return index !== undefined && index < at.size;
}
