import { coordinatorTarget, redisTarget } from '@sumveil/constellation';
import { Queue, UnrecoverableError } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { expect, it } from 'vitest';
import { WAIT } from './held-places.ts';
import { type LongRun, leafAfter, leavesOf } from './long-run.ts';

/** F3, F4, F7: the queue loses jobs, all of them, or gives them twice. */
export function lostJobs(run: () => LongRun): void {
  it('F3: Redis killed: what its last second held comes back from outbox and reconciler', async () => {
    const { world, stopNextAt } = run();
    const redis = redisTarget(world.redis);
    const held = await stopNextAt({ phase: 'masked', at: 'answer', idx: world.tenants[4]!.idx, waits: false });
    await redis.kill();
    await held.lift();
    await world.rows.until('the order to go on', 'SELECT 1 FROM outbox WHERE dedupe = $1', [
      `complete:${held.attemptId}:masked`,
    ]);
    await redis.start();
    await held.released(5);
  });

  it('F4: Redis emptied with a job in work whose worker died: brought back, told and counted', async () => {
    const { world, worker, stopNextAt } = run();
    const held = await stopNextAt({ phase: 'summing', at: 'close', waits: true });
    const before = await leavesOf(world, 'recovery.reconciled');
    await worker.kill();
    const client = new Redis(world.redis.url);
    await client.flushall();
    await client.quit();
    await held.lift();
    await worker.start();
    await held.released(5);
    await leafAfter(world, 'recovery.reconciled', before);
  });

  it('F4: the queue’s schema dropped in Postgres: rebuilt, no round lost or doubled', async () => {
    const { world, worker, stopNextAt } = run();
    await worker.terminate();
    const ground = {
      ...world.ground,
      env: (role: 'api' | 'worker' | 'signer') => {
        const { SUMVEIL_QUEUE_URL_FILE: _, ...env } = world.ground.env(role) as Record<string, string>;
        return env;
      },
    };
    // A worker whose queue is in the database; the others never ask which one it is.
    const inPostgres = coordinatorTarget(ground, 'worker', 3);
    await inPostgres.start();
    const held = await stopNextAt({ phase: 'summing', at: 'close', waits: true });
    await inPostgres.kill();
    const owner = new pg.Client({ connectionString: world.ground.postgres.superuserUrl('sumveil') });
    await owner.connect();
    await owner.query('DROP SCHEMA bullmq CASCADE');
    await owner.end();
    await held.lift();
    await inPostgres.start();
    await held.released(5);
    await inPostgres.terminate();
    await worker.start();
  });

  it('F7: a job of the round that the queue has given up as failed fails no round: the rows ask for it again', async () => {
    const { world, worker, stopNextAt } = run();
    const held = await stopNextAt({ phase: 'summing', at: 'sum', waits: true });
    const told = await leavesOf(world, 'recovery.reconciled');
    await worker.kill();
    const chunks = new Queue<{ ref: string }>('chunks', { connection: { url: world.redis.url } });
    const lost = (await chunks.getActive()).filter(({ data }) => data.ref.startsWith(held.attemptId));
    expect(lost.length).toBeGreaterThan(0);
    // As the queue itself does with a job that stalled too often: no tries are left, and no worker is told.
    for (const job of lost) await job.moveToFailed(new UnrecoverableError('given up by the queue'), '0');
    await held.lift();
    await worker.start();
    await held.released(5);
    await leafAfter(world, 'recovery.reconciled', told);
    for (const { id } of lost) expect(await chunks.getJobState(id!)).toBe('failed');
    await chunks.close();
  });

  it('F7: a job that stalls twice is done once, a second delivery of everything changes nothing', async () => {
    const { world, worker, runId, stopNextAt } = run();
    const held = await stopNextAt({ phase: 'summing', at: 'sum', waits: true });
    for (let i = 0; i < 2; i++) {
      const before = await waiters(run());
      await worker.kill();
      await worker.start();
      const others = async () => (await waiters(run())).filter((pid) => !before.includes(pid)).length;
      await expect.poll(others, { timeout: 20_000 }).toBeGreaterThan(0);
    }
    await held.lift();
    await held.released(5);
    await world.rows.until(
      'the next round before its first message',
      `SELECT 1 FROM attempt WHERE run_id = $1 AND round = $2 AND phase = 'advertise'`,
      [runId, held.round + 1],
    );
    const before = await counts(run());
    await world.rows.all(
      `INSERT INTO outbox (topic, ref, dedupe)
         SELECT DISTINCT topic, ref, 'again:' || topic || ref FROM outbox WHERE ref LIKE $1 || '%' OR ref = $2`,
      [held.attemptId, runId],
    );
    await world.rows.until(
      'the second delivery',
      `SELECT 1 FROM outbox WHERE dedupe LIKE 'again:%' HAVING bool_and(published_at IS NOT NULL)`,
    );
    await expect.poll(() => pending(world.redis.url), { timeout: 20_000 }).toBe(0);
    expect(await counts(run())).toEqual(before);
  });
}

/** Sessions that stand in the hold. */
async function waiters({ world }: LongRun): Promise<number[]> {
  const rows = await world.rows.all<{ pid: number }>(
    `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = $1 AND NOT granted`,
    [WAIT],
  );
  return rows.map(({ pid }) => pid);
}

/** Jobs that wait or are in work, and those that come again after a pause; looks that are booked for later are none. */
async function pending(url: string): Promise<number> {
  let pending = 0;
  for (const name of ['rounds', 'chunks']) {
    const queue = new Queue(name, { connection: { url } });
    pending += await queue.getJobCountByTypes('waiting', 'active');
    pending += (await queue.getDelayed()).filter(({ attemptsStarted }) => attemptsStarted > 0).length;
    await queue.close();
  }
  return pending;
}

function counts({ world, runId }: LongRun): Promise<unknown[]> {
  return world.rows.all(
    `SELECT (SELECT count(*) FROM attempt WHERE run_id = $1) AS attempts, (SELECT count(*) FROM model_version) AS versions,
            (SELECT run_seq FROM run WHERE id = $1) AS leaves, (SELECT count(*) FROM privacy_charge) AS charges,
            (SELECT count(*) FROM task) AS tasks, (SELECT count(*) FROM sign_request) AS requests`,
    [runId],
  );
}
