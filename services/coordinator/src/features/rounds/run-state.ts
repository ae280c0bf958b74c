import { databaseNow, type Tx } from '../../db/client.ts';
import { notify } from '../../db/notify.ts';
import type { Deps } from '../../deps.ts';
import type { Run } from '../../generated/prisma/client.ts';

const actor = { kind: 'service', ref: 'coordinator', via: 'worker' } as const;

/** Ends a run. Stopping acts at once, its leaf in the same transaction. */
export async function endRun(
  deps: Pick<Deps, 'log'>,
  tx: Tx,
  run: Pick<Run, 'id' | 'round' | 'modelDigest'>,
  end: { state: 'completed' } | { state: 'aborted'; reason: string },
): Promise<void> {
  const reason = end.state === 'aborted' ? end.reason : null;
  await tx.run.update({ where: { id: run.id }, data: { state: end.state, reason, endedAt: await databaseNow(tx) } });
  await deps.log.appendLeaf(
    tx,
    {
      type: end.state === 'completed' ? 'run.completed' : 'run.aborted',
      actor,
      run: run.id,
      outcome: end.state === 'completed' ? 'COMPLETED' : 'ABORTED',
      ...(reason ? { code: reason } : {}),
      rounds: run.round,
      lastModelDigest: run.modelDigest,
    },
    { gated: true },
  );
  await notify(tx, 'sumveil_run', run.id);
}

/** No further round opens; the operator aborts it, or starts a new run when the reason is gone (ADR 0015). */
export async function pauseRun(
  deps: Pick<Deps, 'log'>,
  tx: Tx,
  run: Pick<Run, 'id'>,
  reasonCode: string,
): Promise<void> {
  const { planDigest, grantId } = await tx.run.update({
    where: { id: run.id },
    data: { state: 'paused', reason: reasonCode },
  });
  const grant = await tx.grant.findUniqueOrThrow({ where: { id: grantId! } });
  await deps.log.appendLeaf(tx, {
    type: 'run.paused',
    actor,
    run: run.id,
    planDigest,
    grantDigest: grant.digest,
    reasonCode,
  });
  await notify(tx, 'sumveil_run', run.id);
}
