import type { Deps } from '../../deps.ts';
import { enqueue } from '../../outbox/enqueue.ts';
import { isCollecting, rules } from './phase.ts';
import { loadAttempt, phaseList } from './store.ts';

/**
 * After an answer or abort has been committed: when it was the last one expected, the phase can close now. A crash in between
 * costs time only; the delayed look at the phase and the reconciler find it too.
 */
export async function answered(deps: Pick<Deps, 'db'>, attemptId: string): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const { row, plan } = await loadAttempt(tx, attemptId);
    if (!isCollecting(row.phase)) return;
    const rule = rules[row.phase];
    const expected = rule.expected ? ((await phaseList(tx, attemptId, rule.expected))?.members ?? []) : plan.cohort;
    const settled = await tx.message.findMany({
      where: { attemptId, kind: { in: [rule.answer, 'abort'] }, late: false, idx: { in: [...expected] } },
      distinct: ['idx'],
      select: { idx: true },
    });
    if (settled.length < expected.length) return;
    await enqueue(tx, { topic: 'attempt.advance', ref: attemptId, dedupe: `complete:${attemptId}:${row.phase}` });
  });
}
