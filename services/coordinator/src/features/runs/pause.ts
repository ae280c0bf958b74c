import { personActor } from '../../actor.ts';
import type { Deps } from '../../deps.ts';
import { CoordinatorError } from '../../error.ts';
import type { Person } from '../../http/identity.ts';
import { lockRun, pauseRun } from '../rounds/run-state.ts';
import { requireRunFor } from './view.ts';

export interface Intervention {
  readonly ticket: string;
  readonly reason: string;
}

/** Keeps further rounds from opening, at once; a round under way ends as it would. */
export async function pauseByPerson(
  deps: Deps,
  person: Person,
  runId: string,
  { ticket, reason }: Intervention,
): Promise<void> {
  await requireRunFor(deps.db.prisma, person, runId);
  await deps.db.transaction(async (tx) => {
    const run = await lockRun(tx, runId);
    if (run.state !== 'running') {
      const next =
        run.state === 'granting' ? 'no round of it has begun; abort it to stop it' : 'nothing is left to pause';
      throw new CoordinatorError('CONFLICT', `The run is ${run.state}: ${next}.`);
    }
    const by = { actor: personActor(person), ticket: { system: 'platform', id: ticket } };
    await pauseRun(deps, tx, run, `operator.${reason}`, by);
  });
}
