import { personActor } from '../../actor.ts';
import { databaseNow, type Tx } from '../../db/client.ts';
import type { Deps } from '../../deps.ts';
import { CoordinatorError } from '../../error.ts';
import type { Schedule } from '../../generated/prisma/client.ts';
import type { Person } from '../../http/identity.ts';
import { firstAfter } from './cron.ts';
import { COUNTED, dueMoments } from './due-moments.ts';
import { recordMissed } from './missed.ts';
import { lockSchedule, moveSchedule } from './store.ts';
import { logTold, type Told } from './told.ts';

export type Change = 'paused' | 'resumed' | 'removed';

/**
 * Pauses, resumes or removes a schedule. Moments of a pause are no missed ones: somebody wanted them away. One that was due
 * already and waited for its run is told.
 */
export async function changeSchedule(deps: Deps, person: Person, id: string, change: Change): Promise<void> {
  const told = await deps.db.transaction(async (tx) => {
    const schedule = await lockSchedule(tx, id);
    if (!schedule) throw new CoordinatorError('NOT_FOUND', 'There is no such schedule.');
    requireState(schedule, change);
    const due = change === 'resumed' ? [] : await tellDue(deps, tx, schedule, change);
    if (change === 'resumed') await resume(tx, schedule);
    else await moveSchedule(tx, id, { state: change });
    await deps.log.appendLeaf(tx, { type: 'schedule.changed', actor: personActor(person), scheduleId: id, change });
    return due;
  });
  logTold(deps.logger, id, told);
}

const from: Readonly<Record<Change, readonly string[]>> = {
  paused: ['active'],
  resumed: ['paused'],
  removed: ['active', 'paused'],
};

function requireState({ state }: Schedule, change: Change): void {
  if (from[change].includes(state)) return;
  throw new CoordinatorError('CONFLICT', `The schedule is ${state} and cannot be ${change}; nothing was changed.`);
}

async function resume(tx: Tx, schedule: Schedule): Promise<void> {
  const nextAt = firstAfter(schedule, await databaseNow(tx));
  if (!nextAt) throw new CoordinatorError('CONFLICT', 'The schedule’s end has passed meanwhile; create another one.');
  await moveSchedule(tx, schedule.id, { state: 'active', nextAt });
}

async function tellDue(deps: Deps, tx: Tx, schedule: Schedule, change: 'paused' | 'removed'): Promise<Told[]> {
  if (!schedule.nextAt) return [];
  const { open, missed } = dueMoments({ ...schedule, nextAt: schedule.nextAt }, await databaseNow(tx));
  if (!open && !missed) return [];
  const count = Math.min(COUNTED, (missed?.count ?? 0) + (open ? 1 : 0));
  const span = { moment: missed?.moment ?? open!, through: open ?? missed!.through, count };
  return recordMissed(deps, tx, schedule, span, change);
}
