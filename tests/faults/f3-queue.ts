import { coordinatorTarget, redisTarget } from '@sumveil/constellation';
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

  it('F7: a job that stalls twice is done once, a second delivery of everything changes nothing, a failed job fails no round', async () => {
    const { world, worker, runId, stopNextAt } = run();
    const held = await stopNextAt({ phase: 'summing', at: 'sum', waits: true });
    for (let i = 0; i < 2; i++) {
      const before = await waiters(run());
      await worker.kill();
      await worker.start();
      const others = async () => (await waiters(run())).filter((pid) => !before.includes(pid)).length;
      await expect.poll(others, { timeout: 20_000 }).toBeGreaterThan(0);
    }
    await world.rows.all(
      `INSERT INTO outbox (topic, ref, dedupe) VALUES ('chunk.sum', 'nothing/0/0', 'faults:failing')`,
    );
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
    const client = new Redis(world.redis.url);
    await expect.poll(() => pending(client), { timeout: 20_000 }).toBe(0);
    await client.quit();
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

/** Jobs that wait or are in work; looks that are booked for later are none. */
async function pending(client: Redis): Promise<number> {
  const lists = ['rounds', 'chunks'].flatMap((name) => [`bull:${name}:wait`, `bull:${name}:active`]);
  const lengths = await Promise.all(lists.map((list) => client.llen(list)));
  return lengths.reduce((sum, length) => sum + length, 0);
}

function counts({ world, runId }: LongRun): Promise<unknown[]> {
  return world.rows.all(
    `SELECT (SELECT count(*) FROM attempt WHERE run_id = $1) AS attempts, (SELECT count(*) FROM model_version) AS versions,
            (SELECT run_seq FROM run WHERE id = $1) AS leaves, (SELECT count(*) FROM privacy_charge) AS charges,
            (SELECT count(*) FROM task) AS tasks, (SELECT count(*) FROM sign_request) AS requests`,
    [runId],
  );
}
