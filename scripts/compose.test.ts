import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { type ProcessName, variableFaults } from './variable-faults.ts';

interface Service {
  readonly environment?: Record<string, string>;
  readonly networks: readonly string[] | Record<string, unknown>;
  readonly secrets?: readonly (string | { readonly source: string })[];
  readonly healthcheck?: unknown;
  readonly volumes?: readonly string[];
}
interface Compose {
  readonly services: Record<string, Service>;
  readonly networks: Record<string, { readonly internal?: boolean } | null>;
  readonly secrets: Record<string, unknown>;
}

/** As docker-compose reads it on a machine that sets none of its variables. */
const text = readFileSync('docker-compose.yml', 'utf8').replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1');
const compose = parse(text, { merge: true }) as Compose;
const services = Object.entries(compose.services);
const connectors = services.filter(([name]) => name.startsWith('connector'));
const networksOf = ({ networks }: Service) => (Array.isArray(networks) ? networks : Object.keys(networks));

test('the processes accept the variables that the compose file sets', () => {
  const kinds = services.map(([name, service]) => ({ kind: name.replace(/\d$/, ''), service }));
  const ours = kinds.filter(({ kind }) => ['api', 'worker', 'signer', 'connector'].includes(kind));
  expect(ours).toHaveLength(8);
  for (const { kind, service } of ours) {
    expect(variableFaults(kind as ProcessName, service.environment ?? {})).toEqual([]);
  }
});

test('every service but the migration has a health check, and every secret it names is defined', () => {
  for (const [name, service] of services) {
    if (name !== 'migrate') expect(service.healthcheck, name).toBeDefined();
    for (const secret of service.secrets ?? []) {
      expect(Object.keys(compose.secrets)).toContain(typeof secret === 'string' ? secret : secret.source);
    }
  }
});

test('no tenant shares a network with another tenant or with anybody but the api', () => {
  expect(connectors).toHaveLength(5);
  for (const [name, connector] of connectors) {
    const [network, ...others] = networksOf(connector);
    expect(others).toEqual([]);
    const neighbours = services.filter(([, service]) => networksOf(service).includes(network as string));
    expect(neighbours.map(([neighbour]) => neighbour).sort()).toEqual(['api', name]);
  }
});

test('the database, the queue and the signer have no way out', () => {
  for (const name of ['postgres', 'redis', 'worker', 'signer']) {
    const networks = networksOf(compose.services[name] as Service);
    expect(networks.every((network) => compose.networks[network]?.internal)).toBe(true);
  }
});

test('the signer alone mounts its keys', () => {
  const holders = services.filter(([, { volumes }]) => volumes?.some((volume) => volume.includes('signer-keys')));
  expect(holders.map(([name]) => name)).toEqual(['signer']);
});
