import { databaseNow, type Tx } from '../../db/client.ts';
import { notify } from '../../db/notify.ts';
import type { Deps } from '../../deps.ts';
import type { Run } from '../../generated/prisma/client.ts';
import type { LeafInput } from '../../log/append.ts';

/** Nobody else changes the run until this transaction ends. */
export async function lockRun(tx: Tx, id: string): Promise<Run> {
  await tx.$queryRaw`SELECT id FROM run WHERE id = ${id} FOR UPDATE`;
  return tx.run.findUniqueOrThrow({ where: { id } });
}

/** Who changes a run's state; the rounds themselves when it is no person. */
export interface By {
  readonly actor: LeafInput['actor'];
  readonly ticket?: { readonly system: string; readonly id: string };
}

const theRounds: By = { actor: { kind: 'service', ref: 'coordinator', via: 'worker' } };

/** Ends a run. Stopping acts at once, its leaf in the same transaction. */
export async function endRun(
  deps: Pick<Deps, 'log'>,
  tx: Tx,
  run: Pick<Run, 'id' | 'round' | 'modelDigest'>,
  end: { state: 'completed' } | { state: 'aborted'; reason: string },
  { actor }: By = theRounds,
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

/** No further round opens until a person resumes it (ADR 0021). Whoever watches the service is told by event and metric. */
export async function pauseRun(
  deps: Pick<Deps, 'log' | 'logger' | 'metrics'>,
  tx: Tx,
  run: Pick<Run, 'id'>,
  reasonCode: string,
  { actor, ticket }: By = theRounds,
): Promise<void> {
  const row = await tx.run.update({ where: { id: run.id }, data: { state: 'paused', reason: reasonCode } });
  const { planDigest, grantDigest } = await digestsOf(tx, row);
  const leaf = { type: 'run.paused', actor, run: run.id, planDigest, grantDigest, reasonCode } as const;
  await deps.log.appendLeaf(tx, ticket ? { ...leaf, ticket } : leaf);
  await notify(tx, 'sumveil_run', run.id);
  const kind = kindOf(reasonCode);
  deps.logger.event('run.paused', { run: run.id, round: row.round, reason: kind });
  deps.metrics.counter('sumveil_run_paused', 'Runs that were paused, by reason', ['kind']).add(1, { kind });
}

/** What names a run in the leaves of its state: the plan, and the grant it goes on under. */
export async function digestsOf(
  tx: Tx,
  run: Pick<Run, 'planDigest' | 'grantId'>,
): Promise<{ planDigest: string; grantDigest: string }> {
  const grant = await tx.grant.findUniqueOrThrow({ where: { id: run.grantId! } });
  return { planDigest: run.planDigest, grantDigest: grant.digest };
}

/** Of an operator's pause only that it was one: their words are many, and a label has few values. */
function kindOf(reasonCode: string): string {
  return reasonCode.startsWith('operator.') ? 'operator' : reasonCode;
}
