import { stageKind } from '@sumveil/learning';
import { databaseNow, type Tx } from '../../../db/client.ts';
import { notify } from '../../../db/notify.ts';
import { loadPlan, stageOfRound } from '../../../plan/approved-plan.ts';
import type { RoundDeps } from '../advance.ts';
import { attemptLeaf } from '../attempt-leaf.ts';
import { recordFacts } from '../guards.ts';
import { mostFailures } from '../next-attempt.ts';
import { endRun } from '../run-state.ts';
import { type LoadedAttempt, messagesOf, refsOf } from '../store.ts';
import { closeTasks } from '../tasks.ts';

/**
 * Ends an attempt without a result (fault F13). Updates that have left their tenants are spent: when there are any, the
 * round is over and the next one starts with fresh training; before that the round gets another attempt.
 */
export async function failAttempt(deps: RoundDeps, tx: Tx, { row, plan }: LoadedAttempt, code: string): Promise<true> {
  const now = await databaseNow(tx);
  await tx.attempt.update({ where: { id: row.id }, data: { phase: 'failed', failCode: code, endedAt: now } });
  await closeTasks(tx, row.id);
  await tx.attemptSecret.deleteMany({ where: { attemptId: row.id } });
  const spent = await messagesOf(tx, row.id, 'm2');
  const dropped = await refsOf(
    tx,
    plan.cohort.filter((idx) => !spent.some((message) => message.idx === idx)),
  );
  await deps.log.appendLeaf(tx, {
    type: 'round.aborted',
    ...attemptLeaf(row),
    survivors: spent.length,
    dropped,
    phase: row.phase as never,
    code,
  });
  deps.logger.event('round.aborted', { run: row.runId, round: row.round, attempt: row.attempt, code });
  await closeRoundIfSpent(
    deps,
    tx,
    { row, plan },
    spent.length,
    spent.length > 0 || ['masked', 'consistency', 'unmask', 'summing'].includes(row.phase),
  );
  await notify(tx, 'sumveil_run', row.runId);
  return true;
}

async function closeRoundIfSpent(
  deps: RoundDeps,
  tx: Tx,
  { row, plan }: LoadedAttempt,
  accepted: number,
  spent: boolean,
): Promise<void> {
  const run = await tx.run.findUniqueOrThrow({ where: { id: row.runId } });
  const recent = await tx.attempt.findMany({
    where: { runId: row.runId },
    orderBy: [{ round: 'desc' }, { attempt: 'desc' }],
    take: mostFailures,
  });
  if (recent.length === mostFailures && recent.every((attempt) => attempt.phase === 'failed')) {
    return endRun(deps, tx, run, { state: 'aborted', reason: 'rounds-failed' });
  }
  if (!spent) return;
  const stage = stageOfRound(await loadPlan(tx, run.planDigest), row.round);
  if (stage && stageKind(stage) === 'statistics') {
    return endRun(deps, tx, run, { state: 'aborted', reason: 'statistics-lost' });
  }
  await tx.run.update({ where: { id: run.id }, data: { round: row.round } });
  await recordFacts(tx, { runId: run.id, round: row.round, plan, accepted });
}
