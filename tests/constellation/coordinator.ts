import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConnectorTimings } from '@sumveil/connector';
import type { EmbeddedPostgres, Timings } from '@sumveil/coordinator';
import { startEmbeddedPostgres } from '@sumveil/coordinator';
import type { Folders } from './folders.ts';
import { freePort } from './free-port.ts';
import { readyLine, type StartedProcess, startProcess } from './process.ts';

export interface CoordinatorOptions {
  /** Default: the queue lives in Postgres too. */
  readonly queueUrl?: string;
  readonly durable?: boolean;
  /** Periods of the coordinator's processes and of the connectors that differ from the defaults. */
  readonly timings?: Partial<Timings>;
  readonly connectorTimings?: Partial<ConnectorTimings>;
  /** Where the user that runs Postgres can reach it, when the server must come back with its data. */
  readonly postgresFolder?: string;
  readonly trustDomain?: string;
  /** Told what begins now, in words for people. */
  readonly onStep?: (what: string) => void;
  /** Told how to stop what has started so far, as soon as there is something: for whoever must end in mid-start. */
  readonly onStarted?: (stop: () => Promise<void>) => void;
}

export interface CoordinatorUrls {
  readonly connector: string;
  readonly enrolment: string;
  readonly management: string;
  readonly ops: string;
}

/** Postgres, migrations, key ceremony and OIDC issuer: what stands before any coordinator process. */
export interface Ground {
  readonly folders: Folders;
  /** The server that runs now: one that was killed is replaced by its successor on the same data. */
  postgres: EmbeddedPostgres;
  /** Starts Postgres on the same data again, when it has ended. */
  readonly startPostgres: () => Promise<void>;
  /** Where workers that start from now on have their queue; undefined: in Postgres too. */
  queueUrl: string | undefined;
  readonly issuer: string;
  readonly ownerUrlFile: string;
  readonly rootPemFile: string;
  readonly env: (role: 'api' | 'worker' | 'signer') => Record<string, string>;
  readonly processes: StartedProcess[];
  readonly connectorTimings: Partial<ConnectorTimings>;
  /** Ports by process name: who starts again is found where it was. */
  readonly ports: Map<string, Record<string, number>>;
}

export async function layGround(folders: Folders, directoryFile: string, o: CoordinatorOptions): Promise<Ground> {
  o.onStep?.('starting the database');
  const dataDir = o.postgresFolder ?? folders.postgres;
  const startPostgres = () => startEmbeddedPostgres({ dataDir, durable: o.durable ?? true });
  const postgres = await startPostgres();
  o.onStarted?.(() => postgres.stop());
  const ownerUrlFile = privateFile(folders.operator, 'owner-url', postgres.url('owner'));
  const tls = folders.api;
  o.onStep?.('key ceremony, tables, issuer of people’s tokens');
  const [oidc] = await Promise.all([
    startOidcProcess(folders, directoryFile),
    once(folders, 'migrate', 'services/coordinator/src/main-migrate.ts', [], {
      SUMVEIL_DATABASE_URL_FILE: ownerUrlFile,
    }),
    once(folders, 'ceremony', 'services/coordinator/src/main-ceremony.ts', [
      '--root',
      folders.root,
      '--signer',
      folders.signer,
      '--tls',
      tls,
    ]),
  ]);
  const common: Record<string, string> = {
    SUMVEIL_LOG_ORIGIN: 'log.sumveil.example/audit',
    SUMVEIL_TRUST_DOMAIN: o.trustDomain ?? 'sumveil.example',
    SUMVEIL_SIGNER_PUBLIC_FILE: join(tls, 'public.json'),
    SUMVEIL_POLICY_BUNDLE: 'policies',
    SUMVEIL_ARTIFACTS: folders.artifacts,
    SUMVEIL_OPS_LISTEN: '127.0.0.1:0',
    ...(o.timings ? { SUMVEIL_TIMINGS: JSON.stringify(o.timings) } : {}),
  };
  const own = {
    api: {
      SUMVEIL_CONNECTOR_LISTEN: '127.0.0.1:0',
      SUMVEIL_ENROL_LISTEN: '127.0.0.1:0',
      SUMVEIL_MANAGEMENT_LISTEN: '127.0.0.1:0',
      SUMVEIL_TLS_CERT_FILE: join(tls, 'tls.pem'),
      SUMVEIL_TLS_KEY_FILE: join(tls, 'tls.key'),
      SUMVEIL_TLS_CA_FILE: join(tls, 'root.pem'),
      SUMVEIL_OIDC_ISSUER: oidc.issuer,
    },
    worker: {
      SUMVEIL_SEAL_KEY_FILE: privateFile(folders.worker, 'seal-key', randomBytes(32).toString('base64url')),
    },
    signer: { SUMVEIL_SIGNER_KEYS: folders.signer },
  };
  const ground: Ground = {
    folders,
    postgres,
    async startPostgres() {
      ground.postgres = await startPostgres();
      if (ground.postgres.url('owner') !== postgres.url('owner'))
        throw new Error('Postgres came back without its data; give it a postgresFolder that its user can reach');
    },
    queueUrl: o.queueUrl,
    issuer: oidc.issuer,
    ownerUrlFile,
    rootPemFile: join(tls, 'root.pem'),
    env: (role) => ({
      ...common,
      ...own[role],
      ...(role === 'worker' && ground.queueUrl
        ? { SUMVEIL_QUEUE_URL_FILE: privateFile(folders.worker, 'queue-url', ground.queueUrl) }
        : {}),
      SUMVEIL_DATABASE_URL_FILE: privateFile(folders[role], 'database-url', ground.postgres.url(role)),
    }),
    processes: [oidc.process],
    connectorTimings: o.connectorTimings ?? {},
    ports: new Map(),
  };
  return ground;
}

async function startOidcProcess(
  folders: Folders,
  directoryFile: string,
): Promise<{ issuer: string; process: StartedProcess }> {
  const logFile = join(folders.logs, 'oidc.log');
  const started = startProcess({
    name: 'oidc',
    entry: 'tests/constellation/oidc.ts',
    args: ['--people', directoryFile],
    logFile,
    stdin: 'pipe',
  });
  const { issuer } = await readyLine<{ issuer: string }>(started, logFile, (line) => 'issuer' in line);
  return { issuer, process: started };
}

const listeners = {
  api: {
    connector: 'SUMVEIL_CONNECTOR_LISTEN',
    enrolment: 'SUMVEIL_ENROL_LISTEN',
    management: 'SUMVEIL_MANAGEMENT_LISTEN',
    ops: 'SUMVEIL_OPS_LISTEN',
  },
  worker: { ops: 'SUMVEIL_OPS_LISTEN' },
  signer: { ops: 'SUMVEIL_OPS_LISTEN' },
};

/**
 * Starts one more process of a kind, or one that has ended again, on the ports it had; several of a kind may run side by
 * side.
 */
export async function startCoordinatorProcess(
  ground: Ground,
  kind: 'api' | 'worker' | 'signer',
  n = 1,
): Promise<{ process: StartedProcess; ports: Record<string, number> }> {
  const name = `${kind}-${n}`;
  const logFile = join(ground.folders.logs, `${name}.log`);
  const own = ground.ports.get(name) ?? (await freePorts(kind));
  ground.ports.set(name, own);
  const listen = Object.entries(listeners[kind]).map(([which, field]) => [field, `127.0.0.1:${own[which]}`]);
  const started = startProcess({
    name,
    entry: `services/coordinator/src/main-${kind}.ts`,
    env: { ...ground.env(kind), ...Object.fromEntries(listen) },
    logFile,
  });
  ground.processes.push(started);
  const { ports } = await readyLine<{ ports: Record<string, number> }>(
    started,
    logFile,
    (line) => line.event === 'ready',
  );
  return { process: started, ports };
}

async function freePorts(kind: keyof typeof listeners): Promise<Record<string, number>> {
  const ports: Record<string, number> = {};
  for (const which of Object.keys(listeners[kind])) ports[which] = await freePort();
  return ports;
}

export function urlsOf(ports: Record<string, number>): CoordinatorUrls {
  const https = (port: number | undefined) => `https://127.0.0.1:${port}`;
  return {
    connector: https(ports.connector),
    enrolment: https(ports.enrolment),
    management: https(ports.management),
    ops: `http://127.0.0.1:${ports.ops}`,
  };
}

/** Runs an entry to its end. */
export async function once(
  folders: Folders,
  name: string,
  entry: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<void> {
  const logFile = join(folders.logs, `${name}.log`);
  const started = startProcess({ name, entry, args, env, logFile });
  const code = await started.ended;
  if (code !== 0) throw new Error(`${name} ended with ${code}; see ${logFile}`);
}

function privateFile(folder: string, name: string, content: string): string {
  const file = join(folder, name);
  writeFileSync(file, content, { mode: 0o600 });
  return file;
}
