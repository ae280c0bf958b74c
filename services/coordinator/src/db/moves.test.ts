import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DatabaseUrls, startTestPostgres, type TestPostgres } from '../../../../tests/constellation/postgres.ts';

let postgres: TestPostgres;
let superuser: Client;
let api: Client;
let worker: Client;
const denied = { code: '42501' };
const refused = { code: '23514' };

beforeAll(async () => {
  postgres = await startTestPostgres();
  const urls = await postgres.fresh();
  const as = async (role: keyof DatabaseUrls) => {
    const client = new Client({ connectionString: urls[role] });
    await client.connect();
    return client;
  };
  [superuser, api, worker] = await Promise.all([as('superuser'), as('api'), as('worker')]);
  await superuser.query(`INSERT INTO plan (digest, bytes, name, requester_ref) VALUES ('p', 'b', 'n', 'r')`);
});
afterAll(async () => {
  await Promise.all([superuser, api, worker].map((client) => client.end()));
  await postgres.stop();
});

describe('states of a run', () => {
  const states = ['granting', 'running', 'paused', 'completed', 'aborted'];
  const allowed: Record<string, string[]> = {
    granting: ['running', 'completed', 'aborted'],
    running: ['paused', 'completed', 'aborted'],
    paused: ['running', 'completed', 'aborted'],
    completed: [],
    aborted: [],
  };
  const begin = async (id: string, state: string, acknowledged = 0) =>
    worker.query(
      `INSERT INTO run (id, plan_digest, model_name, state, requester_ref, rounds, model_digest, prev_manifest, round, acknowledged)
       VALUES ($1, 'p', 'm', $2, 'r', 3, 'd', 'h', 2, $3)`,
      [id, state, acknowledged],
    );
  const move = (client: Client, id: string, state: string) =>
    client.query('UPDATE run SET state = $2 WHERE id = $1', [id, state]);

  it.each(states.flatMap((from) => states.filter((to) => to !== from).map((to) => [from, to] as const)))(
    '%s to %s',
    async (from, to) => {
      const id = `${from}-${to}`;
      await begin(id, from);
      const person = from === 'paused' && to === 'running';
      if (!allowed[from]!.includes(to)) {
        for (const client of [superuser, api, worker])
          await expect(move(client, id, to)).rejects.toMatchObject(refused);
        return;
      }
      if (person) await expect(move(worker, id, to)).rejects.toMatchObject(denied);
      await move(person ? api : worker, id, to);
    },
  );

  it('no other words for them', async () => {
    await expect(begin('odd', 'resting')).rejects.toMatchObject(refused);
    await begin('even', 'paused');
    await expect(move(worker, 'even', 'resting')).rejects.toMatchObject(refused);
  });

  it('what a person has seen is written when the api resumes, not before, after, or beyond the rounds there were', async () => {
    const sees = (round: number, state: string) =>
      `UPDATE run SET acknowledged = ${round}, state = '${state}' WHERE id = 'seen'`;
    await expect(begin('born', 'granting', 1)).rejects.toMatchObject(denied);
    await begin('seen', 'paused');
    await expect(worker.query(sees(2, 'running'))).rejects.toMatchObject(denied);
    for (const client of [worker, api]) await expect(client.query(sees(2, 'paused'))).rejects.toMatchObject(denied);
    await expect(api.query(sees(3, 'running'))).rejects.toMatchObject(denied);
    await api.query(sees(2, 'running'));
    for (const client of [worker, api]) await expect(client.query(sees(1, 'running'))).rejects.toMatchObject(denied);
  });
});

describe('states of a schedule', () => {
  const begin = (id: string) =>
    api.query(
      `INSERT INTO schedule (id, plan_digest, cron, zone, window_minutes, ticket, created_by, next_at)
       VALUES ($1, 'p', '0 2 * * *', 'UTC', 60, 't', 'c', now())`,
      [id],
    );
  const move = (client: Client, id: string, state: string) =>
    client.query(`UPDATE schedule SET state = $2, next_at = CASE WHEN $2 = 'active' THEN now() END WHERE id = $1`, [
      id,
      state,
    ]);

  it('are people’s to change, through the api; the worker moves on and ends', async () => {
    await begin('s');
    await worker.query(`UPDATE schedule SET next_at = now() + interval '1 day' WHERE id = 's'`);
    for (const to of ['paused', 'removed']) await expect(move(worker, 's', to), to).rejects.toMatchObject(denied);
    await move(api, 's', 'paused');
    for (const to of ['active', 'removed', 'ended'])
      await expect(move(worker, 's', to), to).rejects.toMatchObject(denied);
    await move(api, 's', 'active');
    await move(worker, 's', 'ended');
    await expect(move(api, 's', 'active')).rejects.toMatchObject(refused);
    await begin('r');
    await move(api, 'r', 'removed');
    await expect(move(api, 'r', 'active')).rejects.toMatchObject(refused);
  });
});
