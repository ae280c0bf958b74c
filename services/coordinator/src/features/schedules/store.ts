import type { Tx } from '../../db/client.ts';
import { notify } from '../../db/notify.ts';
import type { Schedule } from '../../generated/prisma/client.ts';

/** The row, held until COMMIT: whoever settles a moment of it, or changes it, is alone. */
export async function lockSchedule(tx: Tx, id: string): Promise<Schedule | null> {
  await tx.$queryRaw`SELECT id FROM schedule WHERE id = ${id} FOR UPDATE`;
  return tx.schedule.findUnique({ where: { id } });
}

/** Where the schedule stands from now on; a moment to come and `active` go together. */
export async function moveSchedule(
  tx: Tx,
  id: string,
  to: { state: 'active'; nextAt: Date; heldBy?: string } | { state: 'paused' | 'removed' | 'ended' },
): Promise<void> {
  const course =
    to.state === 'active' ? { nextAt: to.nextAt, heldBy: to.heldBy ?? null } : { nextAt: null, heldBy: null };
  await tx.schedule.update({ where: { id }, data: { state: to.state, ...course } });
  await notify(tx, 'sumveil_schedule', id);
}
