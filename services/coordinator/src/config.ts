import {
  ConfigError,
  filePath,
  jsonObject,
  list,
  loadConfig,
  readPrivateFile,
  secret,
  text,
  url,
} from '@sumveil/config';
import { z } from 'zod';
import { defaultTimings, timings } from './timings.ts';

const PREFIX = 'SUMVEIL_';
const QUEUES = ['redis', 'rediss', 'postgres', 'postgresql'];

/** host:port; port 0 asks the system for a free one. */
const listen = (description: string) =>
  text(description, { pattern: /^(\[[0-9a-f:.]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}$/ }).transform((value) => {
    const at = value.lastIndexOf(':');
    return { host: value.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(value.slice(at + 1)) };
  });

/** The address may stand in the environment only when it holds no password. */
export const databaseFields = {
  databaseUrl: url('Address of Postgres without a password', ['postgres', 'postgresql']).optional(),
  databaseUrlFile: filePath(
    'File, mode 0400 or 0600, with the address of Postgres and this process’s role and password',
  ).optional(),
};

const common = {
  ...databaseFields,
  logOrigin: text('Origin of the transparency log before the first roster', {
    pattern: /^[a-z0-9][a-z0-9./-]{2,127}$/,
  }),
  trustDomain: text('Trust domain of the connectors’ SPIFFE names', { pattern: /^[a-z0-9][a-z0-9.-]{0,62}$/ }),
  signerPublicFile: filePath('public.json of the key ceremony: public halves of the signer’s keys'),
  policyBundle: filePath('Folder of the policy bundle with its bundle.lock'),
  artifacts: filePath('Folder of the artifact store'),
  opsListen: listen('host:port for /healthz, /readyz and /metrics').default({ host: '127.0.0.1', port: 0 }),
  timings: jsonObject('Periods in milliseconds as one JSON object, for tests; see timings.ts', timings).default(
    defaultTimings,
  ),
  stateFile: filePath('Where to write the bound ports as JSON when ready').optional(),
};

export const apiSchema = z.object({
  ...common,
  connectorListen: listen('host:port for connectors (mutual TLS)'),
  enrolListen: listen('host:port for enrolment (TLS)'),
  managementListen: listen('host:port for people (TLS, token)'),
  tlsCertFile: filePath('PEM of this process’s certificate, then the issuing CA'),
  tlsKeyFile: filePath('PEM of its private key, mode 0400 or 0600'),
  tlsCaFile: filePath('PEM of the roots that connectors’ certificates end in'),
  oidcIssuer: url('Issuer of people’s tokens; https except on loopback', ['https', 'http']),
  oidcAlgorithms: list('Accepted signature algorithms of tokens', {
    min: 1,
    pattern: /^(ES256|EdDSA|RS256|PS256)$/,
  }).default(['ES256', 'EdDSA']),
  oidcTokenType: text('Value of `typ` in the tokens’ header; `at+jwt` keeps ID tokens out').default('at+jwt'),
});

export const workerSchema = z.object({
  ...common,
  queueUrl: url('Address of the queue without a password; default is the database', QUEUES).optional(),
  queueUrlFile: filePath('File, mode 0400 or 0600, with the address of the queue').optional(),
  sealKey: secret('File with 32 random bytes in base64url: seals reconstructed secrets', { minLength: 43 }),
});

export const signerSchema = z.object({
  ...common,
  signerKeys: filePath('Folder with the signer’s keys, mode 0700'),
});

/** With the addresses read from their files. */
type Addressed<S extends z.ZodObject> = Omit<z.output<S>, 'databaseUrl' | 'databaseUrlFile'> & {
  readonly databaseUrl: string;
};

export type ApiConfig = Addressed<typeof apiSchema>;
export type WorkerConfig = Addressed<typeof workerSchema>;
export type SignerConfig = Addressed<typeof signerSchema>;
export type CommonConfig = Omit<SignerConfig, 'signerKeys'>;

interface Addresses {
  databaseUrl?: string;
  databaseUrlFile?: string;
  queueUrl?: string;
  queueUrlFile?: string;
}

/**
 * Reads one process's configuration (architecture.md section 4). The three processes may share one environment file: a name of
 * another one is no fault.
 *
 * @throws ConfigError with every fault
 */
export function readConfig<S extends z.ZodObject>(
  schema: S,
  env: Readonly<Record<string, string | undefined>>,
  argv: readonly string[],
): Addressed<S> {
  const config = loadConfig(schema, { prefix: PREFIX, env, argv: [...argv], allow: allNames() });
  const { databaseUrlFile, queueUrlFile, ...rest } = config as Addresses;
  if (databaseUrlFile !== undefined) rest.databaseUrl = addressIn(databaseUrlFile, 'DATABASE_URL_FILE');
  if (queueUrlFile !== undefined) rest.queueUrl = addressIn(queueUrlFile, 'QUEUE_URL_FILE');
  if (rest.databaseUrl === undefined) throw fault('DATABASE_URL_FILE', 'is not set');
  return rest as Addressed<S>;
}

function addressIn(file: string, variable: string): string {
  const address = readPrivateFile(file).toString('utf8').trim();
  if (URL.canParse(address)) return address;
  throw fault(variable, `names a file that does not hold an address`);
}

function fault(variable: string, problem: string): ConfigError {
  return new ConfigError('CONFIG', 'The configuration is not usable; correct this and start again:', [
    { variable: PREFIX + variable, problem },
  ]);
}

function allNames(): string[] {
  const keys = [apiSchema, workerSchema, signerSchema].flatMap((schema) => Object.keys(schema.shape));
  const names = keys.map((key) => PREFIX + key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase());
  return [...names, ...names.map((name) => `${name}_FILE`)];
}

/** The workers' sealing key. @throws ConfigError when it is not 32 bytes */
export function sealKeyOf(config: WorkerConfig): Buffer {
  const key = Buffer.from(config.sealKey, 'base64url');
  if (key.length === 32 && key.toString('base64url') === config.sealKey) return key;
  throw fault('SEAL_KEY_FILE', 'is not 32 bytes in base64url');
}
