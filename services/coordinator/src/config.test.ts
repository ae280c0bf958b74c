import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@sumveil/config';
import { afterAll, expect, it } from 'vitest';
import { apiSchema, readConfig, sealKeyOf, workerSchema } from './config.ts';

const folder = mkdtempSync(join(tmpdir(), 'sumveil-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, content: string, mode = 0o600) => {
  writeFileSync(join(folder, name), content, { mode });
  return join(folder, name);
};
const common = {
  SUMVEIL_DATABASE_URL_FILE: file('db', 'postgres://api:pw@localhost/sumveil\n'),
  SUMVEIL_LOG_ORIGIN: 'log.sumveil.example/a',
  SUMVEIL_TRUST_DOMAIN: 'sumveil.example',
  SUMVEIL_SIGNER_PUBLIC_FILE: '/etc/sumveil/public.json',
  SUMVEIL_POLICY_BUNDLE: '/etc/sumveil/policies',
  SUMVEIL_ARTIFACTS: '/var/lib/sumveil',
};
const worker = {
  ...common,
  SUMVEIL_SEAL_KEY_FILE: file('seal', Buffer.alloc(32, 7).fill('seal').toString('base64url')),
};
const api = {
  ...common,
  SUMVEIL_CONNECTOR_LISTEN: '0.0.0.0:8443',
  SUMVEIL_ENROL_LISTEN: '[::1]:0',
  SUMVEIL_MANAGEMENT_LISTEN: 'localhost:9443',
  SUMVEIL_TLS_CERT_FILE: 'a',
  SUMVEIL_TLS_KEY_FILE: 'b',
  SUMVEIL_TLS_CA_FILE: 'c',
  SUMVEIL_OIDC_ISSUER: 'https://issuer.example',
};
const faultsOf = (read: () => unknown) => {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.map(({ variable }) => variable);
    throw error;
  }
  return [];
};

it('reads addresses from private files, listeners as host and port, and fills in defaults', () => {
  const config = readConfig(apiSchema, api, []);
  expect(config.databaseUrl).toBe('postgres://api:pw@localhost/sumveil');
  expect(config.enrolListen).toEqual({ host: '::1', port: 0 });
  expect(config.connectorListen).toEqual({ host: '0.0.0.0', port: 8443 });
  expect(config.timings.longPoll).toBe(25_000);
  expect(config.oidcAlgorithms).toEqual(['ES256', 'EdDSA']);
});

it('lets the three processes share one environment, and no other name with the prefix', () => {
  expect(faultsOf(() => readConfig(workerSchema, { ...api, ...worker }, []))).toEqual([]);
  const env = { ...worker, SUMVEIL_SEALKEY: 'x' };
  expect(faultsOf(() => readConfig(workerSchema, env, []))).toEqual(['SUMVEIL_SEALKEY']);
});

it('lists all faults at once', () => {
  const env = { SUMVEIL_CONNECTOR_LISTEN: '8443', SUMVEIL_TIMINGS: '{"leas":1}', SUMVEIL_OIDC_ALGORITHMS: 'HS256' };
  const faults = faultsOf(() => readConfig(apiSchema, env, []));
  for (const name of ['CONNECTOR_LISTEN', 'TIMINGS', 'OIDC_ALGORITHMS', 'TRUST_DOMAIN', 'ARTIFACTS']) {
    expect(faults).toContain(`SUMVEIL_${name}`);
  }
});

it('takes no password from the environment, no readable secret, no short seal key', () => {
  const { SUMVEIL_DATABASE_URL_FILE: _, ...rest } = worker;
  const plain = { ...rest, SUMVEIL_DATABASE_URL: 'postgres://w:pw@localhost/db' };
  expect(faultsOf(() => readConfig(workerSchema, plain, []))).toContain('SUMVEIL_DATABASE_URL');
  expect(faultsOf(() => readConfig(workerSchema, rest, []))).toEqual(['SUMVEIL_DATABASE_URL_FILE']);
  const open = { ...worker, SUMVEIL_SEAL_KEY_FILE: file('open', 'x'.repeat(43), 0o644) };
  expect(faultsOf(() => readConfig(workerSchema, open, []))).toEqual(['SUMVEIL_SEAL_KEY_FILE']);
  const long = readConfig(
    workerSchema,
    { ...worker, SUMVEIL_SEAL_KEY_FILE: file('long', Buffer.alloc(40, 'key material').toString('base64url')) },
    [],
  );
  expect(() => sealKeyOf(long)).toThrow(ConfigError);
  expect(sealKeyOf(readConfig(workerSchema, worker, []))).toHaveLength(32);
});
