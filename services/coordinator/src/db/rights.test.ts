import { readFileSync } from 'node:fs';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DatabaseUrls, startTestPostgres, type TestPostgres } from '../../../../tests/constellation/postgres.ts';
import { applyMigrations } from './migrate.ts';
import { migratedSchemaPath, schemaPath } from './schema-engine.ts';

let postgres: TestPostgres;
let urls: DatabaseUrls;
const clients: Client[] = [];

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

const LEAF = `INSERT INTO audit_leaf (log, idx, key, leaf, leaf_hash) VALUES ('l', 0, 'k', 'x', 'h')`;
const CHECKPOINT = `INSERT INTO audit_checkpoint (log, size, root, note) VALUES ('l', 1, 'r', 'n')`;
const COSIG = `INSERT INTO audit_cosig (log, size, tenant_ref, key_id, time, line) VALUES ('l', 1, 't', 'k', 1, 'x')`;
const denied = { code: '42501' };

describe('migrations', () => {
  it('lead to the schema: a change without a migration is noticed', () => {
    expect(readFileSync(migratedSchemaPath, 'utf8')).toBe(readFileSync(schemaPath, 'utf8'));
  });

  it('applied twice do nothing the second time', async () => {
    expect(await applyMigrations(urls.owner)).toEqual([]);
  });
});

describe('rights on the log (governance 5)', () => {
  it('let the signer alone insert leaves, checkpoints and signatures', async () => {
    const [api, worker, signer] = await Promise.all([as('api'), as('worker'), as('signer')]);
    await api.query(`INSERT INTO sign_request (kind, subject, body) VALUES ('grant', 's', 'b')`);
    const signature = `INSERT INTO signature (request_id, epoch, digest) SELECT id, 1, 'd' FROM sign_request`;
    for (const client of [api, worker]) {
      for (const sql of [
        LEAF,
        CHECKPOINT,
        signature,
        `INSERT INTO audit_head (log, size, range) VALUES ('l', 0, '')`,
      ]) {
        await expect(client.query(sql), sql).rejects.toMatchObject(denied);
      }
    }
    for (const sql of [LEAF, CHECKPOINT, signature]) await signer.query(sql);
    await api.query(COSIG);
    await expect(worker.query(COSIG)).rejects.toMatchObject(denied);
    await expect(
      signer.query(`INSERT INTO sign_request (kind, subject, body) VALUES ('grant', 't', 'b')`),
    ).rejects.toMatchObject(denied);
  });

  it.each(['api', 'worker', 'signer', 'owner', 'superuser'] as const)(
    'refuse %s every change of what is logged',
    async (role) => {
      const client = await as(role);
      for (const table of ['audit_leaf', 'audit_checkpoint', 'audit_cosig']) {
        for (const sql of [`UPDATE ${table} SET log = 'x'`, `DELETE FROM ${table}`, `TRUNCATE ${table}`]) {
          await expect(client.query(sql), sql).rejects.toMatchObject(denied);
        }
      }
    },
  );

  it('do not stop a superuser who turns the triggers off: evidence is the root held elsewhere', async () => {
    const superuser = await as('superuser');
    await superuser.query(`SET session_replication_role = replica`);
    const { rowCount } = await superuser.query(`UPDATE audit_leaf SET leaf = 'forged'`);
    expect(rowCount).toBe(1);
  });

  it('let api and worker hand in and read, not take back', async () => {
    for (const role of ['api', 'worker'] as const) {
      const client = await as(role);
      await client.query(`INSERT INTO audit_dedupe (log, key) VALUES ('l', '${role}')`);
      await client.query(`INSERT INTO audit_pending (log, key, leaf) VALUES ('l', '${role}', 'x')`);
      for (const table of ['audit_dedupe', 'audit_pending', 'sign_request']) {
        await expect(client.query(`DELETE FROM ${table}`), table).rejects.toMatchObject(denied);
        await expect(
          client.query(`UPDATE ${table} SET ${table === 'sign_request' ? 'kind' : 'log'} = 'x'`),
          table,
        ).rejects.toMatchObject(denied);
      }
    }
  });

  it('keep reconstructed secrets from api and signer', async () => {
    for (const role of ['api', 'signer'] as const) {
      await expect((await as(role)).query('SELECT sealed FROM attempt_secret')).rejects.toMatchObject(denied);
    }
    await (await as('api')).query(`DELETE FROM attempt_secret WHERE attempt_id = gen_random_uuid()`);
    await (await as('worker')).query('SELECT * FROM attempt_secret');
  });

  it('cover every table: a new one without grants is noticed', async () => {
    const owner = await as('owner');
    const { rows } = await owner.query(
      `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
       AND NOT has_table_privilege('sumveil_worker', oid, 'SELECT')`,
    );
    expect(rows).toEqual([]);
  });
});

describe('evidence of others', () => {
  it('the worker writes nothing that says who exists under which keys', async () => {
    const worker = await as('worker');
    const tables = ['tenant', 'app_user', 'invitation', 'join_token', 'connector', 'certificate', 'presence', 'roster'];
    for (const table of tables) {
      const { rows } = await worker.query(
        `SELECT privilege_type FROM information_schema.column_privileges
         WHERE grantee = 'sumveil_worker' AND table_name = $1 AND privilege_type <> 'SELECT'`,
        [table],
      );
      expect(rows, table).toEqual([]);
      await expect(worker.query(`DELETE FROM "${table}"`), table).rejects.toMatchObject(denied);
    }
  });

  it('each process hands in its own leaves, and only the api asks for certificates', async () => {
    const [api, worker] = [await as('api'), await as('worker')];
    const leaf = (type: string) => `INSERT INTO audit_pending (log, key, leaf) VALUES ('l', '["${type}","x"]', 'x')`;
    for (const type of ['enrol.token_issued', 'plan.submitted', 'roster.effective', 'approval.withdrawn']) {
      await api.query(leaf(type));
      await expect(worker.query(leaf(type)), type).rejects.toMatchObject(denied);
    }
    for (const type of ['grant.issued', 'aggregate.released', 'model.version_created']) {
      await worker.query(leaf(type));
      await expect(api.query(leaf(type)), type).rejects.toMatchObject(denied);
    }
    const request = `INSERT INTO sign_request (kind, subject, body) VALUES ('certificate', 'c', 'b')`;
    await expect(worker.query(request)).rejects.toMatchObject(denied);
    await api.query(request);
  });

  it('a paused run is resumed by the api alone, and the facts of guards are the worker’s alone', async () => {
    const [api, worker, signer] = [await as('api'), await as('worker'), await as('signer')];
    await api.query(`INSERT INTO plan (digest, bytes, name, requester_ref) VALUES ('p', 'b', 'n', 'r')`);
    await api.query(`INSERT INTO run (id, plan_digest, model_name, state, requester_ref, rounds, model_digest, prev_manifest)
      VALUES ('run-p', 'p', 'm', 'paused', 'r', 1, 'd', 'h')`);
    const resume = `UPDATE run SET state = 'running' WHERE id = 'run-p'`;
    const leaf = `INSERT INTO audit_pending (log, key, leaf) VALUES ('l', '["run.resumed","run-p",3]', 'x')`;
    for (const sql of [resume, leaf]) await expect(worker.query(sql), sql).rejects.toMatchObject(denied);
    for (const sql of [resume, leaf]) await api.query(sql);
    await worker.query(`UPDATE run SET state = 'paused' WHERE id = 'run-p'`);
    await worker.query(`INSERT INTO guard_fact (run_id, round, cohort, accepted) VALUES ('run-p', 1, 5, 5)`);
    await expect(worker.query('UPDATE guard_fact SET accepted = 4')).rejects.toMatchObject(denied);
    for (const client of [api, signer])
      await expect(client.query('SELECT loss FROM guard_fact')).rejects.toMatchObject(denied);
  });

  it('what an attempt is cannot be changed afterwards', async () => {
    for (const role of ['api', 'worker'] as const) {
      const client = await as(role);
      for (const column of ['id', 'run_id', 'round', 'attempt', 'plan_body', 'plan_hash', 'decision_id']) {
        await expect(client.query(`UPDATE attempt SET ${column} = ${column}`), column).rejects.toMatchObject(denied);
      }
      await client.query(`UPDATE attempt SET phase = 'failed'`);
    }
  });
});

describe('duties apart (governance 2)', () => {
  it.each([
    ['platform-operator', 'auditor', false],
    ['auditor', 'data-steward', false],
    ['tenant-admin', 'platform-operator', false],
    ['data-steward', 'privacy-officer', true],
    ['tenant-admin', 'data-steward', true],
  ])('%s with %s: allowed %s', async (first, second, allowed) => {
    const api = await as('api');
    const ref = `${first}/${second}`;
    await api.query(`INSERT INTO app_user (ref, iss, sub) VALUES ($1, 'i', $1)`, [ref]);
    const bind = (role: string) =>
      api.query('INSERT INTO role_binding (user_ref, role, scope) VALUES ($1, $2, $3)', [ref, role, scopeOf(role)]);
    await bind(first);
    if (allowed) await bind(second);
    else await expect(bind(second)).rejects.toMatchObject({ code: '23514' });
  });

  it('holds against two bindings at the same time', async () => {
    const [one, two] = await Promise.all([as('api'), as('api')]);
    await one.query(`INSERT INTO app_user (ref, iss, sub) VALUES ('both', 'i', 'both')`);
    const bind = (client: Client, role: string) =>
      client.query('INSERT INTO role_binding (user_ref, role, scope) VALUES ($1, $2, $3)', [
        'both',
        role,
        scopeOf(role),
      ]);
    const results = await Promise.allSettled([bind(one, 'platform-operator'), bind(two, 'data-steward')]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('refuses a role for a scope that it cannot have', async () => {
    const api = await as('api');
    await api.query(`INSERT INTO app_user (ref, iss, sub) VALUES ('odd', 'i', 'odd')`);
    const sql = `INSERT INTO role_binding (user_ref, role, scope) VALUES ('odd', 'data-steward', 'platform')`;
    await expect(api.query(sql)).rejects.toMatchObject({ code: '23514' });
  });
});

describe('privacy ledger (governance 7)', () => {
  it('refuses a total beyond the cap whatever the code does', async () => {
    const worker = await as('worker');
    await worker.query(`INSERT INTO privacy_ledger (ledger_ref, total_micro, cap_micro) VALUES ('m', 10, 10)`);
    await expect(worker.query(`UPDATE privacy_ledger SET total_micro = 11`)).rejects.toMatchObject({ code: '23514' });
  });
});

const scopeOf = (role: string) =>
  role === 'platform-operator' || role === 'auditor' ? 'platform' : 'aaaabbbbccccdddd';
