import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import type { Check, Diagnosis } from '@sumveil/client';
import { generateP256, spkiDer, writeKeyFile } from '@sumveil/identity';
import { Client, type QueryResult } from 'pg';
import { expect } from 'vitest';
import { startOidc } from '../../../../../tests/constellation/oidc.ts';
import { append, read, sequenced } from '../../log/testing/leaves.ts';
import { issueServerCertificate } from '../../signing/key-files.ts';
import { type EvidenceWorld, openWorld, startTestPostgres } from '../../signing/testing/world.ts';
import { coordinatorDoctor } from '../doctor.ts';

export const kinds = ['api', 'worker', 'signer'] as const;
export type Kind = (typeof kinds)[number];

interface Ask {
  readonly env?: Record<string, string | undefined>;
  /** How far this clock is ahead. */
  readonly aheadMs?: number;
  readonly restored?: boolean;
}

/** A coordinator as its doctor finds it: database, log, keys, files and listener are real, and anything of it can be broken. */
export interface Patient {
  readonly world: EvidenceWorld;
  readonly folder: string;
  readonly listener: Server;
  readonly environments: Readonly<Record<Kind, Record<string, string>>>;
  sql(text: string, ...values: unknown[]): Promise<QueryResult>;
  ask(kind: Kind, o?: Ask): Promise<Diagnosis & { by: Record<string, Check> }>;
  stopPostgres(): Promise<void>;
  close(): Promise<void>;
}

export async function healthyPatient(): Promise<Patient> {
  const [postgres, oidc] = await Promise.all([startTestPostgres(), startOidc({})]);
  const world = await openWorld(postgres);
  const folder = dirname(world.keysFolder);
  const owner = new Client({ connectionString: world.urls.superuser });
  await owner.connect();
  const sql = (text: string, ...values: unknown[]) => owner.query(text, values);
  await world.signer();
  await world.publishRoster();
  world.startWitnesses();
  await sequenced(world, await append(world, read('something')));
  const rosters = () => world.api.db.prisma.roster.count({ where: { effectiveAt: { not: null } } });
  const inForce = async () => (await rosters()) || undefined;
  expect(await world.api.notify.wait('sumveil_run', inForce, { timeoutMs: 5_000 })).toBe(1);
  for (const { ref } of world.tenants) await sql('INSERT INTO presence VALUES ($1, now())', ref);
  const listener = await listen(world, folder);
  const environments = environmentsOf(world, folder, oidc.issuer);
  let connected = true;
  const disconnect = async () => {
    if (connected) await owner.end();
    connected = false;
  };
  return {
    world,
    folder,
    listener,
    environments,
    sql,
    async ask(kind, o = {}) {
      const diagnosis = await coordinatorDoctor({
        env: { ...environments[kind], ...o.env },
        restored: o.restored ?? false,
        now: () => Date.now() + (o.aheadMs ?? 0),
      });
      return { ...diagnosis, by: Object.fromEntries(diagnosis.checks.map((check) => [check.id, check])) };
    },
    async stopPostgres() {
      await disconnect();
      await postgres.postgres.stop();
    },
    async close() {
      listener.close();
      await disconnect();
      // Postgres may be gone by now, and the world says so.
      await world.close().catch(() => {});
      await Promise.all([oidc.stop(), postgres.stop()]);
    },
  };
}

/** Certificate files of an api, and a listener that uses them. */
async function listen(world: EvidenceWorld, folder: string): Promise<Server> {
  const key = generateP256();
  writeKeyFile(join(folder, 'tls.key'), key);
  const chain = await newChain(world, key);
  writeFileSync(join(folder, 'tls.pem'), chain);
  writeFileSync(join(folder, 'root.pem'), world.published.rootPem);
  const tls = { cert: chain, key: key.export({ type: 'pkcs8', format: 'pem' }) };
  const listener = createServer(tls, (_, answer) => answer.writeHead(404).end());
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  const ports = { management: (listener.address() as AddressInfo).port };
  writeFileSync(join(folder, 'api.json'), JSON.stringify({ ports }));
  return listener;
}

export function newChain(world: EvidenceWorld, key: ReturnType<typeof generateP256>): Promise<string> {
  const names = { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] };
  return issueServerCertificate(world.keysFolder, { spki: spkiDer(key), ...names, now: new Date() });
}

function environmentsOf(world: EvidenceWorld, folder: string, issuer: string): Patient['environments'] {
  const secret = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const common = {
    SUMVEIL_LOG_ORIGIN: world.origin,
    SUMVEIL_TRUST_DOMAIN: 'sumveil.test',
    SUMVEIL_SIGNER_PUBLIC_FILE: join(world.keysFolder, 'public.json'),
    SUMVEIL_POLICY_BUNDLE: new URL('../../../../../policies', import.meta.url).pathname,
    SUMVEIL_ARTIFACTS: join(folder, 'artifacts'),
  };
  return {
    api: {
      ...common,
      SUMVEIL_DATABASE_URL_FILE: secret('api-url', world.urls.api),
      SUMVEIL_CONNECTOR_LISTEN: '127.0.0.1:0',
      SUMVEIL_ENROL_LISTEN: '127.0.0.1:0',
      SUMVEIL_MANAGEMENT_LISTEN: '127.0.0.1:0',
      SUMVEIL_TLS_CERT_FILE: join(folder, 'tls.pem'),
      SUMVEIL_TLS_KEY_FILE: join(folder, 'tls.key'),
      SUMVEIL_TLS_CA_FILE: join(folder, 'root.pem'),
      SUMVEIL_OIDC_ISSUER: issuer,
      SUMVEIL_STATE_FILE: join(folder, 'api.json'),
    },
    worker: {
      ...common,
      SUMVEIL_DATABASE_URL_FILE: secret('worker-url', world.urls.worker),
      SUMVEIL_SEAL_KEY_FILE: secret('seal-key', randomBytes(32).toString('base64url')),
    },
    signer: {
      ...common,
      SUMVEIL_DATABASE_URL_FILE: secret('signer-url', world.urls.signer),
      SUMVEIL_SIGNER_KEYS: world.keysFolder,
    },
  };
}

export const sealKeyIn = ({ folder }: Patient) => readFileSync(join(folder, 'seal-key'), 'utf8');

const sentence = { next: expect.stringMatching(/\w/) as unknown };
export const failing = (text: RegExp) => ({
  status: 'fail',
  detail: expect.stringMatching(text) as unknown,
  ...sentence,
});
export const warning = (text: RegExp) => ({
  status: 'warn',
  detail: expect.stringMatching(text) as unknown,
  ...sentence,
});
