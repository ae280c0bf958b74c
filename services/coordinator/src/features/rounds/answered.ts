import type { Tx } from '../../db/client.ts';
import type { Deps } from '../../deps.ts';
import { enqueue } from '../../outbox/enqueue.ts';
import { type Collecting, isCollecting, rules } from './phase.ts';
import { type LoadedAttempt, loadAttempt } from './store.ts';

/**
 * After an answer, abort or refusal has been committed: when it was the last one expected, the phase can close now. A crash in between
 * costs time only; the delayed look at the phase and the reconciler find it too.
 */
export async function answered(deps: Pick<Deps, 'db'>, attemptId: string): Promise<void> {
  const attempt = await loadAttempt(deps.db.prisma, attemptId);
  const { phase } = attempt.row;
  if (!isCollecting(phase) || !(await isSettled(deps.db.prisma, attempt, phase))) return;
  await deps.db.statement((tx) =>
    enqueue(tx, { topic: 'attempt.advance', ref: attemptId, dedupe: `complete:${attemptId}:${phase}` }),
  );
}

/** Everybody expected has answered or is gone (gone.ts). One statement: it is asked after every message of a round. */
async function isSettled(tx: Tx, { row, plan }: LoadedAttempt, phase: Collecting): Promise<boolean> {
  const { answer, expected } = rules[phase];
  const [found] = await tx.$queryRaw<{ settled: boolean }[]>`
    WITH expected AS (
      SELECT unnest(CASE WHEN ${expected}::text IS NULL THEN ${plan.cohort}::int[]
        ELSE (SELECT members FROM phase_list WHERE attempt_id = ${row.id}::uuid AND phase = ${expected}) END) AS idx
    )
    SELECT NOT EXISTS (
      SELECT FROM expected e
      WHERE NOT EXISTS (
        SELECT FROM message m WHERE m.attempt_id = ${row.id}::uuid AND m.kind IN (${answer}, 'abort') AND m.idx = e.idx AND NOT m.late
      ) AND NOT EXISTS (
        SELECT FROM gate_refusal g JOIN tenant t ON t.ref = g.tenant_ref WHERE g.attempt_id = ${row.id}::uuid AND t.idx = e.idx
      )
    ) AS settled`;
  return found!.settled;
}
