import { addCheckpointBody } from '@sumveil/transparency';
import { memberByTenant } from '@sumveil/wire';
import type { Tx } from '../db/client.ts';
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
  next(tx: Tx, tenantRef: string, size: bigint): Promise<Buffer | 'ahead' | undefined>;
}

/** One poll answer is asked for by many witnesses at the same size, so the last few bodies are kept. */
export function createWitnessRequests(log: string, proofs: Proofs): WitnessRequests {
  const bodies = new Map<string, Promise<Buffer>>();

  async function body(tx: Tx, old: bigint, checkpoint: CheckpointRow): Promise<Buffer> {
    const proof = old === 0n ? [] : await proofs.consistency(tx, old, checkpoint.size);
    return addCheckpointBody({ old: Number(old), proof, note: checkpoint.note });
  }

  return {
    async next(tx, tenantRef, size) {
      const epochs = await publishedEpochs(tx);
      requireWitness(epochs, tenantRef);
      const checkpoint = await newestCheckpoint(tx, log);
      if (checkpoint && size > checkpoint.size) return 'ahead';
      if (!checkpoint || size === checkpoint.size || !(await coversFounding(tx, log, epochs, checkpoint)))
        return undefined;
      const key = `${size}-${checkpoint.size}`;
      let pending = bodies.get(key);
      if (!pending) {
        pending = body(tx, size, checkpoint);
        bodies.set(key, pending);
        pending.catch(() => bodies.delete(key));
        if (bodies.size > 64) bodies.delete(bodies.keys().next().value!);
      }
      return await pending;
    },
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
