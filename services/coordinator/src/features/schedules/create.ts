import { newRef } from '@sumveil/identity';
import { personActor } from '../../actor.ts';
import { databaseNow } from '../../db/client.ts';
import { notify } from '../../db/notify.ts';
import type { Deps } from '../../deps.ts';
import { CoordinatorError } from '../../error.ts';
import type { Schedule } from '../../generated/prisma/client.ts';
import type { Person } from '../../http/identity.ts';
import { requirePlanFor } from '../plans/service.ts';
import { cadenceFaults, firstAfter } from './cron.ts';

export interface NewSchedule {
  readonly planDigest: string;
  readonly cron: string;
  readonly zone: string;
  readonly windowMinutes: number;
  readonly endsAt?: string | undefined;
  readonly ticket: string;
}

/**
 * Keeps a cadence. Approvals are not asked for here: they are judged when a moment comes, every time.
 *
 * @throws CoordinatorError BAD_REQUEST with every fault of pattern, zone and end
 */
export async function createSchedule(deps: Deps, person: Person, o: NewSchedule): Promise<Schedule> {
  return deps.db.transaction(async (tx) => {
    const plan = await requirePlanFor(tx, person, o.planDigest);
    if (plan.withdrawnAt) throw new CoordinatorError('CONFLICT', 'The plan is withdrawn; schedule another.');
    const now = await databaseNow(tx);
    const cron = o.cron.trim().split(/\s+/).join(' ');
    const cadence = { cron, zone: o.zone, endsAt: o.endsAt ? new Date(o.endsAt) : null };
    const faults = cadenceFaults(cadence, now);
    if (faults.length > 0) {
      const ofPattern = faults.some(({ path }) => path.startsWith('cron'));
      const example = ofPattern ? ' (0 2 * * 1-5 means 02:00 from Monday to Friday)' : '';
      throw new CoordinatorError('BAD_REQUEST', `No schedule was made: its moments cannot be told${example}.`, {
        faults,
      });
    }
    const { planDigest, windowMinutes, ticket } = o;
    const schedule = await tx.schedule.create({
      data: {
        id: `schedule-${newRef()}`,
        planDigest,
        ...cadence,
        windowMinutes,
        ticket,
        createdBy: person.userRef,
        createdAt: now,
        nextAt: firstAfter(cadence, now),
      },
    });
    await deps.log.appendLeaf(tx, {
      type: 'schedule.created',
      actor: personActor(person),
      scheduleId: schedule.id,
      planDigest,
      cron,
      zone: o.zone,
      windowMinutes,
      ...(cadence.endsAt ? { endsAt: cadence.endsAt.toISOString() } : {}),
      ticket: { system: 'platform', id: ticket },
    });
    await notify(tx, 'sumveil_schedule', schedule.id);
    return schedule;
  });
}
