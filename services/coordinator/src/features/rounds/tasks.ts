import type { Task, TaskKind } from '@sumveil/wire';
import { toBase64url } from '@sumveil/wire';
import type { Tx } from '../../db/client.ts';
import { notify } from '../../db/notify.ts';
import type { Deps } from '../../deps.ts';

/** Gives tenants their next task of an attempt and closes those of the phase before. `now` is the database's clock. */
export async function assignTasks(
  tx: Tx,
  attemptId: string,
  kind: TaskKind,
  members: readonly number[],
  now: Date,
): Promise<void> {
  await closeTasks(tx, attemptId);
  await tx.task.createMany({ data: members.map((idx) => ({ attemptId, idx, kind, createdAt: now })) });
  await notify(tx, 'sumveil_task', members.join(','));
}

export async function closeTasks(tx: Tx, attemptId: string): Promise<void> {
  await tx.task.updateMany({
    where: { attemptId, closedAt: null, kind: { not: 'result' } },
    data: { closedAt: new Date() },
  });
}

/** Open tasks of a tenant beside those it knows; waits for one until the signal ends the long-poll. */
export async function pollTasks(
  deps: Pick<Deps, 'db' | 'notify' | 'timings'>,
  tenantRef: string,
  known: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Task[]> {
  const { idx } = await deps.db.prisma.tenant.findUniqueOrThrow({ where: { ref: tenantRef }, select: { idx: true } });
  const found = await deps.notify.wait(
    'sumveil_task',
    async () => {
      const tasks = await openTasks(deps, idx);
      const fresh = tasks.filter((task) => !known.has(task.id));
      return fresh.length > 0 ? fresh : undefined;
    },
    {
      timeoutMs: deps.timings.longPoll,
      pollMs: deps.timings.longPollLook,
      signal,
      matches: (payload) => payload === '' || payload.split(',').includes(String(idx)),
    },
  );
  return found ?? [];
}

async function openTasks(deps: Pick<Deps, 'db'>, idx: number): Promise<Task[]> {
  const rows = await deps.db.prisma.task.findMany({
    where: { idx, closedAt: null },
    orderBy: { id: 'asc' },
    include: { attempt: { select: { runId: true, round: true, attempt: true, planHash: true } } },
  });
  return rows.map(({ id, kind, attempt }) => ({
    id: id.toString(),
    kind: kind as TaskKind,
    runId: attempt.runId,
    round: attempt.round,
    attempt: attempt.attempt,
    planHash: toBase64url(attempt.planHash),
  }));
}
