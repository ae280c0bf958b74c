import type { Deps } from '../../deps.ts';
import { enqueue } from '../../outbox/enqueue.ts';
import { goneFrom } from './gone.ts';
import { isCollecting, rules } from './phase.ts';
import { loadAttempt, phaseList } from './store.ts';

/**
 * After an answer, abort or refusal has been committed: when it was the last one expected, the phase can close now. A crash in between
 * costs time only; the delayed look at the phase and the reconciler find it too.
 */
export async function answered(deps: Pick<Deps, 'db'>, attemptId: string): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const { row, plan } = await loadAttempt(tx, attemptId);
    if (!isCollecting(row.phase)) return;
    const rule = rules[row.phase];
    const expected = rule.expected ? ((await phaseList(tx, attemptId, rule.expected))?.members ?? []) : plan.cohort;
    const answers = await tx.message.findMany({
      where: { attemptId, kind: rule.answer, late: false, idx: { in: [...expected] } },
      select: { idx: true },
    });
    const settled = (await goneFrom(tx, attemptId, expected)).union(new Set(answers.map(({ idx }) => idx)));
    if (settled.size < expected.length) return;
    await enqueue(tx, { topic: 'attempt.advance', ref: attemptId, dedupe: `complete:${attemptId}:${row.phase}` });
  });
}
