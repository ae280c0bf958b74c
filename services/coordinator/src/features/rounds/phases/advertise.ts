import type { Step } from '../advance.ts';
import { planSubject } from '../open-round.ts';
import { loadAttempt } from '../store.ts';
import { awaitQuorum, awaitSigner } from './await-evidence.ts';
import { failAttempt } from './fail.ts';
import { inPhase, openPhase } from './transition.ts';

/** `opening` → `advertise`: once the round plan is signed and its `round.opened` leaf stands under a quorum. */
export const advertise: Step = async (deps, lease, attemptId) => {
  const { row } = await loadAttempt(deps.db.prisma, attemptId);
  const [answer, quorum] = await Promise.all([
    awaitSigner(deps, attemptId, 'plan', planSubject(row)),
    awaitQuorum(deps, attemptId, row.leafKey),
  ]);
  if (answer && 'error' in answer) {
    return inPhase(deps, lease, attemptId, 'opening', (tx, attempt) =>
      failAttempt(deps, tx, attempt, `SIGNER_${answer.error}`),
    );
  }
  if (!answer || !quorum) return false;
  return inPhase(deps, lease, attemptId, 'opening', async (tx, attempt) => {
    await tx.attempt.update({ where: { id: attemptId }, data: { planSig: Uint8Array.from(answer.result) } });
    await openPhase(tx, attempt, 'advertise', attempt.plan.cohort);
    return true;
  });
};
