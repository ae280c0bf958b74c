import { personActor } from '../../actor.ts';
import type { Deps } from '../../deps.ts';
import { CoordinatorError } from '../../error.ts';
import type { Person } from '../../http/identity.ts';
import { giveUp } from '../rounds/give-up.ts';
import { endRun, lockRun } from '../rounds/run-state.ts';
import { requireRunFor } from './view.ts';

/** Stops a run at once. An open attempt is given up; what has been released stays. */
export async function abortRun(deps: Deps, person: Person, runId: string, reason: string): Promise<void> {
  await requireRunFor(deps.db.prisma, person, runId);
  await deps.db.transaction(async (tx) => {
    const run = await lockRun(tx, runId);
    if (run.state === 'completed' || run.state === 'aborted') {
      throw new CoordinatorError('CONFLICT', `The run is ${run.state} already; nothing is left to stop.`);
    }
    const open = await tx.attempt.findMany({ where: { runId, phase: { notIn: ['released', 'failed'] } } });
    for (const attempt of open) await giveUp(deps, tx, attempt, personActor(person));
    await endRun(deps, tx, run, { state: 'aborted', reason }, { actor: personActor(person) });
  });
}
