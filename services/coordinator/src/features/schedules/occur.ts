import { databaseNow, type Tx } from '../../db/client.ts';
import type { Deps } from '../../deps.ts';
import type { Schedule } from '../../generated/prisma/client.ts';
import { rosterInForce } from '../../roster/in-force.ts';
import { lockOpenRun, startRunIn } from '../runs/start.ts';
import { firstAfter } from './cron.ts';
import { dueMoments } from './due-moments.ts';
import { recordMissed } from './missed.ts';
import { lockSchedule, moveSchedule } from './store.ts';
import { logTold, type Told } from './told.ts';

const actor = { kind: 'service', ref: 'coordinator', via: 'schedule' } as const;

/**
 * Settles what is due of a schedule. The newest moment inside its window asks for a run as a person would; what is older
 * is told as missed. Under the schedule's row lock, and in one transaction with the run that it starts: a repeat, another
 * worker or a restart finds nothing due any more. A moment that cannot start yet stays due until its window is over.
 */
export async function occur(deps: Deps, scheduleId: string): Promise<Told[]> {
  const told = await deps.db.transaction(async (tx) => {
    const schedule = await lockSchedule(tx, scheduleId);
    if (schedule?.state !== 'active') return [];
    const now = await databaseNow(tx);
    const { open, missed } = dueMoments({ ...schedule, nextAt: schedule.nextAt! }, now);
    if (!open && !missed) return [];
    const past = missed ? await recordMissed(deps, tx, schedule, missed, 'late') : [];
    const heldBy = open && (await hindrance(tx, schedule));
    if (heldBy) {
      await stayDue(tx, schedule, open, heldBy);
      return past;
    }
    const present = open ? [await ask(deps, tx, schedule, open)] : [];
    const nextAt = firstAfter(schedule, now);
    await moveSchedule(tx, scheduleId, nextAt ? { state: 'active', nextAt } : { state: 'ended' });
    return [...past, ...present];
  });
  logTold(deps.logger, scheduleId, told);
  return told;
}

/** What passes by itself, so that the window is worth waiting for. */
async function hindrance(tx: Tx, { planDigest }: Schedule): Promise<'busy' | 'no-roster' | undefined> {
  if (await lockOpenRun(tx, planDigest)) return 'busy';
  return (await rosterInForce(tx)) ? undefined : 'no-roster';
}

async function stayDue(tx: Tx, { id, nextAt, heldBy }: Schedule, open: Date, why: string): Promise<void> {
  if (nextAt?.getTime() !== open.getTime() || heldBy !== why)
    await moveSchedule(tx, id, { state: 'active', nextAt: open, heldBy: why });
}

async function ask(deps: Deps, tx: Tx, schedule: Schedule, moment: Date): Promise<Told> {
  const { id: scheduleId, planDigest, createdBy: requesterRef } = schedule;
  const { runId, decisionId, reason } = (await mayStill(tx, requesterRef))
    ? await askPolicy(deps, tx, schedule)
    : { runId: null, decisionId: null, reason: 'creator-without-role' };
  const outcome = runId ? 'started' : 'denied';
  await tx.scheduleOccurrence.create({
    data: { scheduleId, moment, through: moment, outcome, reason, runId, decisionId },
  });
  await deps.log.appendLeaf(tx, {
    type: 'schedule.occurred',
    actor,
    scheduleId,
    planDigest,
    moment: moment.toISOString(),
    requesterRef,
    outcome,
    ...(runId ? { run: runId } : {}),
    ...(decisionId ? { decisionId } : {}),
    ...(reason ? { code: reason } : {}),
  });
  return { outcome, reason, count: 1 };
}

async function askPolicy(deps: Deps, tx: Tx, { planDigest, createdBy }: Schedule) {
  const { runId, decision } = await startRunIn(deps, tx, { planDigest, requesterRef: createdBy });
  return { runId, decisionId: decision.decisionId, reason: runId ? null : 'policy' };
}

/** The creator's right is read when it is used: nobody's schedule outlives their role. */
async function mayStill(tx: Tx, userRef: string): Promise<boolean> {
  return (await tx.roleBinding.count({ where: { userRef, role: 'platform-operator', scope: 'platform' } })) > 0;
}
