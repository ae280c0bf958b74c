import { once } from 'node:events';
import { connect } from 'node:net';
import pg from 'pg';
import type { FaultWorld } from './fault-world.ts';
import { HANG_MS, holdAt, phases } from './held-places.ts';
import { judgeRun, type Verdict } from './verdict.ts';

/** Everything that a Redis holds is gone. */
export async function flushRedis(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write('FLUSHALL\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  if (!answer.toString().startsWith('+OK')) throw new Error(`FLUSHALL: ${answer}`);
}

/** The queue's own tables in Postgres are gone; those that a worker makes again after an earlier loss are waited for. */
export async function dropQueueSchema(world: FaultWorld): Promise<void> {
  await world.rows.until('the queue’s tables', `SELECT 1 FROM pg_tables WHERE schemaname = 'bullmq'`, [], HANG_MS);
  const client = new pg.Client({ connectionString: world.ground.postgres.superuserUrl('sumveil') });
  await client.connect();
  try {
    for (;;) {
      try {
        await client.query('DROP SCHEMA bullmq CASCADE');
        return;
      } catch (error) {
        // Its users hold its tables one by one: whoever drops them may be the one that is told to try again.
        if ((error as { code?: string }).code !== '40P01') throw error;
      }
    }
  } finally {
    await client.end();
  }
}

/** Training rounds of a run in which the queue is emptied in each phase: in each round twice. */
export const EMPTIED_ROUNDS = phases.length / 2;

/** Empties the queue while a worker has the job that ends a phase in hand: nothing but the rows knows what is to be done. */
export async function emptyInEachPhase(
  world: FaultWorld,
  plan: string,
  empty: () => Promise<void>,
): Promise<Verdict & { attempts: { round: number; attempt: number; phase: string }[] }> {
  const { rows } = world;
  const places = phases.map(
    (phase, i) => ({ plan, round: 2 + Math.floor(i / 2), phase, at: 'close', waits: i % 4 > 1 }) as const,
  );
  const holds = await holdAt(rows, places);
  const runId = await world.begin(plan);
  for (const hold of holds) {
    if (!(await hold.met())) throw new Error(`round ${hold.round} is over without having been held in ${hold.phase}`);
    await empty();
    await hold.lift();
    await hold.left();
  }
  const verdict = await judgeRun(world, runId);
  const tried = 'SELECT round, attempt, phase FROM attempt WHERE run_id = $1 ORDER BY round, attempt';
  return { ...verdict, attempts: await rows.all(tried, [runId]) };
}
