import type { JsonOf, routes } from '@sumveil/wire';
import type { Tx } from '../../db/client.ts';
import { CoordinatorError } from '../../error.ts';
import type { Prisma, ScheduleOccurrence } from '../../generated/prisma/client.ts';
import type { Person } from '../../http/identity.ts';
import { plansFor } from '../plans/service.ts';

type Shown = JsonOf<(typeof routes.showSchedule)['response']>;
export type ScheduleView = Shown['schedule'];
type OccurrenceView = Shown['occurrences'][number];

/** How many occurrences are shown, newest first. */
const SHOWN = 50;

const newest = (take: number) =>
  ({ plan: true, occurrences: { orderBy: { moment: 'desc' }, take } }) satisfies Prisma.ScheduleInclude;
type Full = Prisma.ScheduleGetPayload<{ include: ReturnType<typeof newest> }>;

/** Schedules of plans that concern the person; those that were removed are shown by their id alone. */
export async function listSchedules(tx: Tx, person: Person): Promise<ScheduleView[]> {
  const plans = (await plansFor(tx, person)).map((plan) => plan.digest);
  const rows = await tx.schedule.findMany({
    where: { planDigest: { in: plans }, state: { not: 'removed' } },
    include: newest(1),
    orderBy: [{ nextAt: { sort: 'asc', nulls: 'last' } }, { createdAt: 'asc' }],
    take: 200,
  });
  return rows.map(viewOf);
}

/** @throws CoordinatorError NOT_FOUND, also for a schedule of others */
export async function showSchedule(tx: Tx, person: Person, id: string): Promise<Shown> {
  const row = await tx.schedule.findUnique({ where: { id }, include: newest(SHOWN) });
  const plans = row ? await plansFor(tx, person) : [];
  if (!row || !plans.some((plan) => plan.digest === row.planDigest))
    throw new CoordinatorError('NOT_FOUND', 'There is no such schedule.');
  return { schedule: viewOf(row), occurrences: row.occurrences.map(occurrenceOf) };
}

function viewOf(row: Full): ScheduleView {
  const [last] = row.occurrences;
  return {
    scheduleId: row.id,
    planDigest: row.planDigest,
    planName: row.plan.name,
    cron: row.cron,
    zone: row.zone,
    windowMinutes: row.windowMinutes,
    endsAt: row.endsAt?.toISOString() ?? null,
    state: row.state as ScheduleView['state'],
    nextAt: row.nextAt?.toISOString() ?? null,
    heldBy: row.heldBy as ScheduleView['heldBy'],
    ticket: row.ticket,
    createdBy: row.createdBy,
    createdAt: row.createdAt.toISOString(),
    last: last ? occurrenceOf(last) : null,
  };
}

function occurrenceOf(row: ScheduleOccurrence): OccurrenceView {
  return {
    moment: row.moment.toISOString(),
    through: row.through.toISOString(),
    count: row.count,
    outcome: row.outcome as OccurrenceView['outcome'],
    reason: row.reason,
    runId: row.runId,
    decisionId: row.decisionId,
    at: row.at.toISOString(),
  };
}
