import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateP256, writeKeyFile } from '@sumveil/identity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EvidenceWorld } from '../signing/testing/world.ts';
import { coordinatorDoctor } from './doctor.ts';
import { failing, healthyPatient, kinds, newChain, type Patient, sealKeyIn, warning } from './testing/patient.ts';

const DAY = 86_400_000;
let patient: Patient;
let world: EvidenceWorld;
let folder: string;
const ask: Patient['ask'] = (kind, o) => patient.ask(kind, o);
const sql: Patient['sql'] = (text, ...values) => patient.sql(text, ...values);

beforeAll(async () => {
  patient = await healthyPatient();
  ({ world, folder } = patient);
}, 60_000);
afterAll(() => patient?.close());

describe('the doctor of the coordinator', () => {
  it.each(kinds)('finds nothing at a healthy %s, and shows no secret', async (kind) => {
    const found = await ask(kind);
    expect(found.checks.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(found.verdict).toBe('healthy');
    const text = JSON.stringify(found);
    const secrets = [world.urls[kind], sealKeyIn(patient)];
    for (const secret of [...secrets, new URL(world.urls[kind]).password]) expect(text).not.toContain(secret);
  });

  it('reads one environment for all three, and tells them apart', async () => {
    const { checks } = await coordinatorDoctor({
      env: { ...patient.environments.signer, ...patient.environments.worker },
      restored: false,
      now: Date.now,
    });
    const ids = checks.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(['worker database', 'signer database', 'worker queue', 'signer keys']));
    expect(ids.filter((id) => id.endsWith(' outbox'))).toHaveLength(1);
    // Both would log in with the worker's address.
    expect(checks.find(({ id }) => id === 'signer database')).toMatchObject(
      failing(/as sumveil_worker, not as sumveil_signer/),
    );
  });

  it('names every fault of the configuration, and an environment that is nobody’s', async () => {
    expect((await ask('api', { env: { SUMVEIL_OIDC_ISSUER: 'nowhere' } })).by.configuration).toMatchObject(
      failing(/SUMVEIL_OIDC_ISSUER/),
    );
    expect((await coordinatorDoctor({ env: {}, restored: false, now: Date.now })).reason).toMatch(
      /^configuration: .*no process/,
    );
  });

  it('tells a password that is refused, and a server that is not there', async () => {
    const url = new URL(world.urls.worker);
    url.password = 'wrong-password-of-the-worker';
    const address = join(folder, 'other-url');
    writeFileSync(address, url.href, { mode: 0o600 });
    const env = { SUMVEIL_DATABASE_URL_FILE: address };
    expect((await ask('worker', { env })).by.database).toMatchObject(failing(/refuses the password/));
    writeFileSync(address, 'postgres://sumveil_worker:wrong-password@127.0.0.1:1/sumveil', { mode: 0o600 });
    expect((await ask('worker', { env })).by.database).toMatchObject(failing(/ECONNREFUSED/));
  });

  it('tells clocks that differ from the database’s', async () => {
    const { by, reason } = await ask('worker', { aheadMs: 600_000 });
    expect(by.clock).toMatchObject(failing(/10 min ahead of that of the database/));
    expect(reason).toMatch(/^clock: /);
  });

  it('tells migrations that are missing, and those it does not know', async () => {
    const { rows } = await sql(
      'DELETE FROM _prisma_migrations WHERE migration_name LIKE $1 RETURNING *',
      '%rights_and_invariants',
    );
    expect((await ask('api')).by.migrations).toMatchObject(failing(/not applied: \d+_rights_and_invariants/));
    const columns = Object.keys(rows[0]);
    const places = columns.map((_, i) => `$${i + 1}`).join(', ');
    await sql(
      `INSERT INTO _prisma_migrations (${columns.join(', ')}) VALUES (${places})`,
      ...columns.map((name) => rows[0][name]),
    );
    await sql(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('x', 'x', '99_of_the_future', now())`,
    );
    expect((await ask('api')).by.migrations).toMatchObject(failing(/does not know 99_of_the_future/));
    await sql(`DELETE FROM _prisma_migrations WHERE id = 'x'`);
    expect((await ask('api')).by.migrations!.status).toBe('ok');
  });

  it('tells work that nobody carries, and a queue that is away', async () => {
    await sql(
      `INSERT INTO outbox (topic, ref, dedupe, available_at) VALUES ('round.open', 'r', 'd', now() - interval '5 minutes')`,
    );
    expect((await ask('worker')).by.outbox).toMatchObject(failing(/1 jobs wait for the queue, the oldest for 30\d s/));
    await sql('DELETE FROM outbox');
    const env = { SUMVEIL_QUEUE_URL: 'redis://127.0.0.1:1' };
    expect((await ask('worker', { env })).by.queue).toMatchObject(failing(/Redis.*ECONNREFUSED/));
  });

  it('tells that no signer is at work, or that connectors are missing', async () => {
    await sql(`UPDATE lease SET until = now() - interval '1 day', holder = 'nobody'`);
    expect((await ask('api')).by.signer).toMatchObject(failing(/no signer is at work/));
    await sql(`UPDATE presence SET seen_at = now() - interval '1 hour' WHERE tenant_ref = $1`, world.tenants[0]!.ref);
    expect((await ask('api')).by.connectors).toMatchObject(warning(/4 of 5 connectors/));
    await sql(`UPDATE presence SET seen_at = now() - interval '1 hour'`);
    expect((await ask('api')).by.connectors).toMatchObject(warning(/0 of 5 .* needs 4 witnesses/));
  });

  it('tells certificates that end, files that do not belong together, and an api that serves an older one', async () => {
    expect((await ask('api', { aheadMs: 100 * DAY })).by['tls-cert']).toMatchObject(failing(/ended (9|10) days ago/));
    expect((await ask('api', { aheadMs: 80 * DAY })).by['tls-cert']).toMatchObject(warning(/has (9|10) days left/));
    writeKeyFile(join(folder, 'other.key'), generateP256());
    const env = { SUMVEIL_TLS_KEY_FILE: join(folder, 'other.key') };
    expect((await ask('api', { env })).by['tls-files']).toMatchObject(
      failing(/private key is not that of the certificate/),
    );
    const key = generateP256();
    const newer = await newChain(world, key);
    writeFileSync(join(folder, 'newer.pem'), newer);
    const swapped = await ask('api', { env: { SUMVEIL_TLS_CERT_FILE: join(folder, 'newer.pem') } });
    expect(swapped.by.listener).toMatchObject(warning(/older certificate/));
    const closed = new Promise((resolve) => patient.listener.close(resolve));
    patient.listener.closeAllConnections();
    await closed;
    expect((await ask('api')).by.listener).toMatchObject(failing(/ECONNREFUSED/));
    expect((await ask('api', { env: { SUMVEIL_OIDC_ISSUER: 'http://127.0.0.1:1' } })).by.issuer).toMatchObject(
      failing(/no discovery/),
    );
  });

  it('tells keys of another ceremony, and keys that are gone', async () => {
    const other = join(folder, 'other-public.json');
    const published = JSON.parse(readFileSync(join(world.keysFolder, 'public.json'), 'utf8'));
    writeFileSync(other, JSON.stringify({ ...published, logKey: published.grantKey }));
    const { by } = await ask('signer', { env: { SUMVEIL_SIGNER_PUBLIC_FILE: other } });
    expect(by['public-keys']).toMatchObject(failing(/differs from the roster in force in logKey/));
    expect(by.keys).toMatchObject(failing(/does not name: logKey/));
    renameSync(join(world.keysFolder, 'log.key'), join(folder, 'log.key'));
    expect((await ask('signer')).by.keys).toMatchObject(failing(/cannot be read/));
    renameSync(join(folder, 'log.key'), join(world.keysFolder, 'log.key'));
  });

  it('tells an artifact folder that is not there, and makes none', async () => {
    const env = { SUMVEIL_ARTIFACTS: join(folder, 'nowhere') };
    expect((await ask('worker', { env })).by.artifacts).toMatchObject(failing(/does not exist/));
    await ask('worker', { env, restored: true });
    expect((await ask('worker', { env })).by.artifacts).toMatchObject(failing(/does not exist/));
  });
});

describe('the doctor when Postgres stops', () => {
  it('says so, and looks at everything that is on this machine', async () => {
    await patient.stopPostgres();
    const { verdict, reason, by } = await ask('signer');
    expect([verdict, reason]).toEqual(['broken', expect.stringMatching(/^database: the database does not answer/)]);
    expect(by.policies!.status).toBe('ok');
  });
});
