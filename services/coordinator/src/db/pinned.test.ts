import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DatabaseUrls, startTestPostgres, type TestPostgres } from '../../../../tests/constellation/postgres.ts';
import { openDatabase } from './client.ts';

let postgres: TestPostgres;
let urls: DatabaseUrls;
const clients: Client[] = [];
const denied = { code: '42501' };
const services = ['api', 'worker', 'signer'] as const;

const as = async (role: keyof DatabaseUrls) => {
  const client = new Client({ connectionString: urls[role] });
  await client.connect();
  clients.push(client);
  return client;
};

beforeAll(async () => {
  postgres = await startTestPostgres();
  urls = await postgres.fresh();
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.end()));
  await postgres.stop();
});

it('every function of ours has a path of its own, and none runs as its owner but the one that makes the queue’s schema', async () => {
  const { rows } = await (await as('owner')).query<{ name: string; config: string[] | null; definer: boolean }>(
    `SELECT proname AS name, proconfig AS config, prosecdef AS definer FROM pg_proc
     WHERE pronamespace = 'public'::regnamespace ORDER BY 1`,
  );
  expect(rows.length).toBeGreaterThan(10);
  const loose = rows.filter(
    ({ config }) => !config?.some((line) => /^search_path=pg_catalog, (public, )?pg_temp$/.test(line)),
  );
  expect(loose).toEqual([]);
  expect(rows.filter(({ definer }) => definer).map(({ name }) => name)).toEqual(['make_queue_schema']);
});

it('every connection in the sources is pinned', () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const files = globSync('**/*.ts', { cwd: root }).filter((path) => !/\.test\.ts$|testing\/|generated\//.test(path));
  const opened = files.flatMap((path) =>
    [...readFileSync(`${root}${path}`, 'utf8').matchAll(/new (?:Pool|Client|QueueClient)\(([^;]*?)\);/g)].map(
      ([, how]) => `${path}: ${how}`,
    ),
  );
  expect(opened.length).toBeGreaterThan(6);
  expect(opened.filter((line) => !/pinned\(/.test(line))).toEqual([]);
});

describe('schemas called like roles', () => {
  it.each(services)('cannot be made by %s, nor anything in public', async (role) => {
    const client = await as(role);
    for (const name of [
      'sumveil_api',
      'sumveil_worker',
      'sumveil_signer',
      'sumveil_owner',
      'postgres',
      'bullmq',
      'evil',
    ]) {
      await expect(client.query(`CREATE SCHEMA ${name}`), name).rejects.toMatchObject(denied);
    }
    await expect(client.query('CREATE TABLE public.mine ()')).rejects.toMatchObject(denied);
    const makes = client.query('SELECT public.make_queue_schema()');
    if (role === 'worker') await makes;
    else await expect(makes).rejects.toMatchObject(denied);
  });

  it('are read by nobody where they are there all the same, as after an earlier release', async () => {
    const superuser = await as('superuser');
    const name = new URL(urls.worker).pathname.slice(1);
    await superuser.query(`GRANT CREATE ON DATABASE "${name}" TO sumveil_worker, sumveil_api`);
    const thief = await as('worker');
    for (const schema of ['sumveil_api', 'sumveil_signer', 'sumveil_owner', 'postgres']) {
      await thief.query(`CREATE SCHEMA ${schema}`);
      await thief.query(`GRANT USAGE ON SCHEMA ${schema} TO PUBLIC`);
      await thief.query(`CREATE TABLE ${schema}.audit_pending AS SELECT 'forged' AS key`);
      await thief.query(`GRANT ALL ON ${schema}.audit_pending TO PUBLIC`);
    }
    await (await as('api')).query('CREATE SCHEMA sumveil_worker');
    for (const role of ['api', 'signer', 'owner', 'superuser', 'worker'] as const) {
      const db = openDatabase(urls[role], { poolSize: 1 });
      expect(await db.prisma.$queryRaw`SELECT key FROM audit_pending`, role).toEqual([]);
      // Also where the role's own setting says otherwise, which each role may change for itself.
      const path = await db.prisma.$queryRaw`SELECT current_setting('search_path') AS path`;
      expect(path, role).toEqual([{ path: 'public' }]);
      await db.close();
      // A session that says nothing, as psql.
      expect((await (await as(role)).query('SELECT key FROM audit_pending')).rows, role).toEqual([]);
    }
    await superuser.query(`REVOKE CREATE ON DATABASE "${name}" FROM sumveil_worker, sumveil_api`);
  });
});

describe('a pg_has_role of the attacker’s own', () => {
  const leaf = (type: string) => `INSERT INTO audit_pending (log, key, leaf) VALUES ('l', '["${type}","x",9]', 'x')`;
  const acts = [
    `UPDATE run SET state = 'running' WHERE id = 'run-x'`,
    `UPDATE run SET state = 'running', acknowledged = 1 WHERE id = 'run-x'`,
    `UPDATE schedule SET state = 'removed', next_at = NULL WHERE id = 's'`,
    ...['run.resumed', 'enrol.token_issued', 'connector.renewed', 'plan.submitted', 'schedule.created'].map(leaf),
    `INSERT INTO sign_request (kind, subject, body) VALUES ('certificate', 'serial:x', 'x')`,
  ];

  it('opens nothing to the worker', async () => {
    const superuser = await as('superuser');
    await superuser.query(`INSERT INTO plan (digest, bytes, name, requester_ref) VALUES ('p', 'b', 'n', 'r')`);
    await superuser.query(`INSERT INTO run (id, plan_digest, model_name, state, requester_ref, rounds, model_digest, prev_manifest, round)
      VALUES ('run-x', 'p', 'm', 'paused', 'r', 3, 'd', 'h', 2)`);
    await superuser.query(`INSERT INTO schedule (id, plan_digest, cron, zone, window_minutes, ticket, created_by, next_at)
      VALUES ('s', 'p', '0 2 * * *', 'UTC', 60, 't', 'c', now())`);
    const worker = await as('worker');
    await worker.query('SELECT make_queue_schema()');
    // The one schema that it may write in serves as well as any.
    await worker.query(`CREATE FUNCTION bullmq.pg_has_role(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true'`);
    await worker.query(`CREATE FUNCTION bullmq.pg_has_role(name, text) RETURNS boolean LANGUAGE sql AS 'SELECT true'`);
    await worker.query(`SET search_path = bullmq, pg_catalog, public`);
    for (const sql of acts) await expect(worker.query(sql), sql).rejects.toMatchObject(denied);
  });
});
