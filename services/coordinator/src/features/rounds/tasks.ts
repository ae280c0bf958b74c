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
  const [tenant] = await deps.db.prisma.$queryRaw<{ idx: number }[]>`SELECT idx FROM tenant WHERE ref = ${tenantRef}`;
  const { idx } = tenant!;
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
  const rows = await deps.db.prisma.$queryRaw<(Omit<Task, 'planHash'> & { planHash: Uint8Array })[]>`
    SELECT t.id::text, t.kind, a.run_id AS "runId", a.round, a.attempt, a.plan_hash AS "planHash"
    FROM task t JOIN attempt a ON a.id = t.attempt_id
    WHERE t.idx = ${idx} AND t.closed_at IS NULL ORDER BY t.id`;
  return rows.map((row) => ({ ...row, planHash: toBase64url(row.planHash) }));
}
