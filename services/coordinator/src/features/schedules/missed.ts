import type { Tx } from '../../db/client.ts';
import type { Deps } from '../../deps.ts';
import type { Schedule } from '../../generated/prisma/client.ts';
import { firstAfter } from './cron.ts';
import { COUNTED, type Span } from './due-moments.ts';
import type { Told } from './told.ts';

/** Why a moment brought no run although nobody denied it. */
export type MissedReason = 'late' | 'busy' | 'no-roster' | 'paused' | 'removed';

const actor = { kind: 'service', ref: 'coordinator', via: 'schedule' } as const;

/** Writes down moments that passed without a run, as rows and leaves. However many there are, at most two of each. */
export async function recordMissed(
  deps: Deps,
  tx: Tx,
  schedule: Schedule,
  span: Span,
  reason: MissedReason,
): Promise<Told[]> {
  const { id: scheduleId, planDigest } = schedule;
  const parts = partsOf(schedule, span, reason);
  for (const { part, code } of parts) {
    const { moment, through, count } = part;
    await tx.scheduleOccurrence.create({
      data: { scheduleId, moment, through, count, outcome: 'missed', reason: code },
    });
    await deps.log.appendLeaf(tx, {
      type: 'schedule.missed',
      actor,
      scheduleId,
      planDigest,
      moment: moment.toISOString(),
      through: through.toISOString(),
      count,
      code,
    });
  }
  return parts.map(({ part, code }) => ({ outcome: 'missed', reason: code, count: part.count }));
}

/** What held the first moment up held up that one; for those behind it only the time is known. */
function partsOf(schedule: Schedule, span: Span, reason: MissedReason): { part: Span; code: string }[] {
  const { heldBy, cron, zone, endsAt } = schedule;
  if (!heldBy || reason !== 'late') return [{ part: span, code: reason }];
  const { moment, through, count } = span;
  const first = { part: { moment, through: moment, count: 1 }, code: heldBy };
  const second = count > 1 ? firstAfter({ cron, zone, endsAt }, moment) : null;
  if (!second) return [first];
  return [first, { part: { moment: second, through, count: count === COUNTED ? count : count - 1 }, code: reason }];
}
