import type { Deps } from '../../deps.ts';
import type { DueWork } from '../../outbox/reconciler.ts';
import type { JobBinding } from '../../queue/topics.ts';
import { occur } from './occur.ts';

export function scheduleJobs(deps: Deps): JobBinding[] {
  const moments = deps.metrics.counter('sumveil_schedule_moments', 'Moments of schedules by what came of them', [
    'outcome',
  ]);
  return [
    {
      topic: 'schedule.occur',
      handle: async ({ ref }) => {
        for (const { outcome, count } of await occur(deps, ref)) moments.add(count, { outcome });
      },
    },
  ];
}

/**
 * The row knows its next moment: an occurrence comes although the queue has lost its job scheduler. One that is held waits by
 * design, for a run to end or a roster: it is looked at again as often, and nobody is told of lost work.
 */
export function scheduleDueWork(): DueWork[] {
  return [
    {
      name: 'schedules with a moment that is due',
      async find(tx) {
        const rows = await tx.$queryRaw<{ id: string }[]>`
          SELECT id FROM schedule WHERE state = 'active' AND next_at <= now() AND held_by IS NULL`;
        return rows.map(({ id }) => ({ topic: 'schedule.occur' as const, ref: id }));
      },
    },
    {
      name: 'schedules whose moment is held',
      waits: true,
      async find(tx) {
        const rows = await tx.$queryRaw<{ id: string }[]>`
          SELECT id FROM schedule WHERE state = 'active' AND next_at <= now() AND held_by IS NOT NULL`;
        return rows.map(({ id }) => ({ topic: 'schedule.occur' as const, ref: id }));
      },
    },
  ];
}
