import { databaseNow, type Tx } from '../../../db/client.ts';
import { notify } from '../../../db/notify.ts';
import type { Lease } from '../../../lease/lease.ts';
import { requireLease } from '../../../lease/lease.ts';
import { enqueue } from '../../../outbox/enqueue.ts';
import type { RoundDeps } from '../advance.ts';
import { type Collecting, rules } from '../phase.ts';
import { type LoadedAttempt, lockAttempt } from '../store.ts';
import { assignTasks } from '../tasks.ts';

/** Runs `work` on the locked attempt if it still is in `phase` and this process still may write; false when not. */
export async function inPhase(
  deps: RoundDeps,
  lease: Lease,
  attemptId: string,
  phase: string,
  work: (tx: Tx, attempt: LoadedAttempt) => Promise<boolean>,
): Promise<boolean> {
  return deps.db.transaction(async (tx) => {
    await requireLease(tx, lease);
    const attempt = await lockAttempt(tx, attemptId, 'update');
    return attempt.row.phase === phase ? work(tx, attempt) : false;
  });
}

/** Opens a phase in which tenants answer: tasks for those expected, and two looks at it, at the lease's end and at the deadline. */
export async function openPhase(
  tx: Tx,
  { row, plan }: LoadedAttempt,
  phase: Collecting,
  expected: readonly number[],
): Promise<void> {
  const now = await databaseNow(tx);
  const rule = rules[phase];
  const deadlineAt = new Date(plan.deadlines[rule.deadline]!);
  await tx.attempt.update({ where: { id: row.id }, data: { phase, phaseOpenedAt: now, deadlineAt } });
  await assignTasks(tx, row.id, rule.task, expected, now);
  const looks = { lease: new Date(now.getTime() + plan.leaseSeconds * 1_000), deadline: deadlineAt };
  for (const [name, availableAt] of Object.entries(looks)) {
    await enqueue(tx, { topic: 'attempt.advance', ref: row.id, dedupe: `${name}:${row.id}:${phase}`, availableAt });
  }
  await notify(tx, 'sumveil_run', row.runId);
}
