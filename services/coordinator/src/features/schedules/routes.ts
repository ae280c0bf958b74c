import { routes } from '@sumveil/wire';
import type { Deps } from '../../deps.ts';
import { bind, type RouteBinding } from '../../http/bind.ts';
import { changeSchedule } from './change.ts';
import { createSchedule } from './create.ts';
import { listSchedules, showSchedule } from './view.ts';

export function scheduleRoutes(deps: Deps): RouteBinding[] {
  const tx = deps.db.prisma;
  return [
    bind(routes.createSchedule, async ({ person, params, body }) => {
      const { id } = await createSchedule(deps, person, { ...params, ...body });
      return (await showSchedule(tx, person, id)).schedule;
    }),
    bind(routes.listSchedules, async ({ person }) => ({ schedules: await listSchedules(tx, person) })),
    bind(routes.showSchedule, ({ person, params }) => showSchedule(tx, person, params.scheduleId)),
    bind(routes.changeSchedule, async ({ person, params, body }) => {
      await changeSchedule(deps, person, params.scheduleId, body.change);
      return (await showSchedule(tx, person, params.scheduleId)).schedule;
    }),
  ];
}
