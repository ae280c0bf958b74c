import { errorCode } from '@sumveil/telemetry';
import type { Deps } from '../deps.ts';
import type { Lease } from './lease.ts';

/**
 * Tells that a writer found another in its place: one event and one leaf for each lease that was lost to a later epoch
 * (governance.md section 9, "Fencing"). The leaf is this writer's last word, in a transaction that changes nothing else; a
 * run that has ended gets no further leaf of its own.
 */
export async function recordFenced(deps: Pick<Deps, 'db' | 'log' | 'logger'>, lease: Lease): Promise<void> {
  const { resource, holder, epoch } = lease;
  try {
    await deps.db.transaction(async (tx) => {
      const now = await tx.lease.findUnique({ where: { resource }, select: { epoch: true } });
      if (!now || now.epoch <= epoch) return;
      const epochs = { staleEpoch: Number(epoch), currentEpoch: Number(now.epoch) };
      const run = resource.startsWith('run:') ? resource.slice('run:'.length) : undefined;
      const open = run
        ? await tx.$queryRaw<unknown[]>`
            SELECT 1 FROM run WHERE id = ${run} AND state NOT IN ('completed', 'aborted') FOR UPDATE`
        : [];
      await deps.log.appendLeaf(tx, {
        type: 'writer.fenced',
        actor: { kind: 'service', ref: 'coordinator', via: 'lease' },
        ...(run && open.length > 0 ? { run } : {}),
        resource,
        ...epochs,
        replica: holder,
      } as Parameters<typeof deps.log.appendLeaf>[1]);
      deps.logger.event('writer.fenced', { epoch: epochs.staleEpoch, holderEpoch: epochs.currentEpoch });
    });
  } catch (error) {
    deps.logger.event('database.error', { code: errorCode(error) });
  }
}
