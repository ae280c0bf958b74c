import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import type { Check, Diagnosis } from '@sumveil/client';
import { generateP256, spkiDer, writeKeyFile } from '@sumveil/identity';
import { digestOf } from '@sumveil/wire';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OidcProcess, startOidc } from '../../../../tests/constellation/oidc.ts';
import { createSeal, sealContext } from '../features/rounds/seal.ts';
import { append, read, sequenced } from '../log/testing/leaves.ts';
import { issueServerCertificate } from '../signing/key-files.ts';
import { type EvidenceWorld, openWorld, startTestPostgres } from '../signing/testing/world.ts';
import { coordinatorDoctor } from './doctor.ts';

const DAY = 86_400_000;
let postgres: Awaited<ReturnType<typeof startTestPostgres>>;
let oidc: OidcProcess;
let world: EvidenceWorld;
let owner: Client;
let folder: string;
let listener: Server;
const environments = {} as Record<'api' | 'worker' | 'signer', Record<string, string>>;

beforeAll(async () => {
  [postgres, oidc] = await Promise.all([startTestPostgres(), startOidc({})]);
  world = await openWorld(postgres);
  folder = dirname(world.keysFolder);
  owner = new Client({ connectionString: world.urls.superuser });
  await owner.connect();
  await world.signer();
  await world.publishRoster();
  world.startWitnesses();
  await sequenced(world, await append(world, read('something')));
  const inForce = async () =>
    (await world.api.db.prisma.roster.count({ where: { effectiveAt: { not: null } } })) || undefined;
  expect(await world.api.notify.wait('sumveil_run', inForce, { timeoutMs: 5_000 })).toBe(1);
  for (const { ref } of world.tenants) await sql('INSERT INTO presence VALUES ($1, now())', ref);
  await writeEnvironments();
}, 60_000);

afterAll(async () => {
  listener?.close();
  await owner?.end().catch(() => {});
  await world?.close().catch(() => {});
  await Promise.all([oidc?.stop(), postgres?.stop()]);
});

const sql = (text: string, ...values: unknown[]) => owner.query(text, values);

async function writeEnvironments(): Promise<void> {
  const secret = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const key = generateP256();
  writeKeyFile(join(folder, 'tls.key'), key);
  const names = { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] };
  const chain = await issueServerCertificate(world.keysFolder, { spki: spkiDer(key), ...names, now: new Date() });
  writeFileSync(join(folder, 'tls.pem'), chain);
  writeFileSync(join(folder, 'root.pem'), world.published.rootPem);
  listener = createServer({ cert: chain, key: key.export({ type: 'pkcs8', format: 'pem' }) }, (_, answer) =>
    answer.writeHead(404).end(),
  );
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  const ports = { management: (listener.address() as AddressInfo).port };
  writeFileSync(join(folder, 'api.json'), JSON.stringify({ ports }));
  const common = {
    SUMVEIL_LOG_ORIGIN: world.origin,
    SUMVEIL_TRUST_DOMAIN: 'sumveil.test',
    SUMVEIL_SIGNER_PUBLIC_FILE: join(world.keysFolder, 'public.json'),
    SUMVEIL_POLICY_BUNDLE: new URL('../../../../policies', import.meta.url).pathname,
    SUMVEIL_ARTIFACTS: join(folder, 'artifacts'),
  };
  environments.api = {
    ...common,
    SUMVEIL_DATABASE_URL_FILE: secret('api-url', world.urls.api),
    SUMVEIL_CONNECTOR_LISTEN: '127.0.0.1:0',
    SUMVEIL_ENROL_LISTEN: '127.0.0.1:0',
    SUMVEIL_MANAGEMENT_LISTEN: '127.0.0.1:0',
    SUMVEIL_TLS_CERT_FILE: join(folder, 'tls.pem'),
    SUMVEIL_TLS_KEY_FILE: join(folder, 'tls.key'),
    SUMVEIL_TLS_CA_FILE: join(folder, 'root.pem'),
    SUMVEIL_OIDC_ISSUER: oidc.issuer,
    SUMVEIL_STATE_FILE: join(folder, 'api.json'),
  };
  environments.worker = {
    ...common,
    SUMVEIL_DATABASE_URL_FILE: secret('worker-url', world.urls.worker),
    SUMVEIL_SEAL_KEY_FILE: secret('seal-key', randomBytes(32).toString('base64url')),
  };
  environments.signer = {
    ...common,
    SUMVEIL_DATABASE_URL_FILE: secret('signer-url', world.urls.signer),
    SUMVEIL_SIGNER_KEYS: world.keysFolder,
  };
}

interface Ask {
  readonly env?: Record<string, string | undefined>;
  readonly aheadMs?: number;
  readonly restored?: boolean;
}

async function ask(kind: 'api' | 'worker' | 'signer', o: Ask = {}): Promise<Diagnosis & { by: Record<string, Check> }> {
  const diagnosis = await coordinatorDoctor({
    env: { ...environments[kind], ...o.env },
    restored: o.restored ?? false,
    now: () => Date.now() + (o.aheadMs ?? 0),
  });
  return { ...diagnosis, by: Object.fromEntries(diagnosis.checks.map((check) => [check.id, check])) };
}

const failing = (text: RegExp) => ({
  status: 'fail',
  detail: expect.stringMatching(text),
  next: expect.stringMatching(/\w/),
});
const warning = (text: RegExp) => ({
  status: 'warn',
  detail: expect.stringMatching(text),
  next: expect.stringMatching(/\w/),
});

describe('the doctor of the coordinator', () => {
  it.each(['api', 'worker', 'signer'] as const)('finds nothing at a healthy %s, and shows no secret', async (kind) => {
    const found = await ask(kind);
    expect(found.checks.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(found.verdict).toBe('healthy');
    const text = JSON.stringify(found);
    const secrets = [world.urls[kind], readFileSync(join(folder, 'seal-key'), 'utf8')];
    for (const secret of [...secrets, new URL(world.urls[kind]).password]) expect(text).not.toContain(secret);
  });

  it('reads one environment for all three, and tells them apart', async () => {
    const { checks } = await coordinatorDoctor({
      env: { ...environments.signer, ...environments.worker },
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
    const names = { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] };
    const newer = await issueServerCertificate(world.keysFolder, { spki: spkiDer(key), ...names, now: new Date() });
    writeFileSync(join(folder, 'newer.pem'), newer);
    const swapped = await ask('api', { env: { SUMVEIL_TLS_CERT_FILE: join(folder, 'newer.pem') } });
    expect(swapped.by.listener).toMatchObject(warning(/older certificate/));
    const closed = new Promise((resolve) => listener.close(resolve));
    listener.closeAllConnections();
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

describe('the doctor of a restored coordinator', () => {
  const restored = true;

  it('asks nobody to run, and finds a whole copy whole', async () => {
    const bytes = Buffer.from('a model');
    await world.worker.artifacts.put(bytes, { maxBytes: 100 });
    await sql(`INSERT INTO artifact (digest, size, media_type) VALUES ($1, 7, 'x')`, digestOf(bytes));
    const { checks, by } = await ask('worker', { restored });
    expect(checks.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(Object.keys(by)).toEqual(
      expect.arrayContaining(['log-rows', 'files', 'sealed', 'public-keys', 'migrations']),
    );
    expect(by.signer).toBeUndefined();
  });

  it('misses a file that a row names, and sees one that has changed', async () => {
    const [kept, lost] = [Buffer.from('a model'), Buffer.from('another')];
    await sql(`INSERT INTO artifact (digest, size, media_type) VALUES ($1, 7, 'x')`, digestOf(lost));
    expect((await ask('api', { restored })).by.files).toMatchObject(
      failing(new RegExp(`1 of 2 .* missing, first ${digestOf(lost)}`)),
    );
    const hex = digestOf(kept).slice(7);
    writeFileSync(join(folder, 'artifacts', hex.slice(0, 2), hex.slice(2)), 'changed');
    expect((await ask('api', { restored })).by.files).toMatchObject(failing(/other bytes than their name says/));
    await sql('DELETE FROM artifact');
  });

  it('says which secrets another seal key keeps shut', async () => {
    const key = Buffer.from(readFileSync(environments.worker.SUMVEIL_SEAL_KEY_FILE!, 'utf8'), 'base64url');
    const attempt = '00000000-0000-4000-8000-000000000001';
    const put = (seal: ReturnType<typeof createSeal>, idx: number) =>
      sql(
        'INSERT INTO attempt_secret VALUES ($1, $2, $3, $4)',
        attempt,
        'a',
        idx,
        Buffer.from(seal.seal(sealContext(attempt, 'a', idx), randomBytes(32))),
      );
    await sql('ALTER TABLE attempt_secret DISABLE TRIGGER ALL');
    await put(createSeal(key), 1);
    expect((await ask('worker', { restored })).by.sealed).toMatchObject({
      status: 'ok',
      detail: expect.stringMatching(/all 1 /),
    });
    await put(createSeal(randomBytes(32)), 2);
    expect((await ask('worker', { restored })).by.sealed).toMatchObject(warning(/1 secrets of 1 open attempts/));
    await sql('DELETE FROM attempt_secret');
  });

  it('sees a log that does not hold together', async () => {
    await sql('ALTER TABLE audit_leaf DISABLE TRIGGER ALL');
    await sql(`UPDATE audit_leaf SET leaf_hash = sha256('x') WHERE idx = 0`);
    expect((await ask('signer', { restored })).by['log-rows']).toMatchObject(
      failing(/leaf 0 is not what its row says/),
    );
    await sql('DELETE FROM audit_leaf WHERE idx = 0');
    expect((await ask('signer', { restored })).by['log-rows']).toMatchObject(failing(/does not hold together/));
    rmSync(join(folder, 'root.pem'));
    expect((await ask('api', { restored })).by['tls-files']).toMatchObject(failing(/ENOENT/));
  });
});

describe('the doctor when Postgres stops', () => {
  it('says so, and looks at everything that is on this machine', async () => {
    await owner.end();
    await postgres.postgres.stop();
    const { verdict, reason, by } = await ask('signer');
    expect([verdict, reason]).toEqual(['broken', expect.stringMatching(/^database: the database does not answer/)]);
    expect(by.policies!.status).toBe('ok');
  });
});
