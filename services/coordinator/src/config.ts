import { ConfigError, filePath, list, loadConfig, secret, text, url } from '@sumveil/config';
import { z } from 'zod';
import { defaultTimings, timings } from './timings.ts';

export const PREFIX = 'SUMVEIL_';

/** host:port; port 0 asks the system for a free one. */
const listen = (description: string) =>
  text(description, { pattern: /^(\[[0-9a-f:.]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}$/ }).transform((value) => {
    const at = value.lastIndexOf(':');
    return { host: value.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(value.slice(at + 1)) };
  });

const json = text('Periods in milliseconds as one JSON object, for tests; see timings.ts', { max: 4_096 })
  .transform((value, context) => {
    try {
      return JSON.parse(value) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'expected a JSON object' });
      return z.NEVER;
    }
  })
  .pipe(timings);

const common = {
  databaseUrl: secret('File with the address of Postgres and this process’s role and password', { minLength: 12 }),
  logOrigin: text('Origin of the transparency log before the first roster', {
    pattern: /^[a-z0-9][a-z0-9./-]{2,127}$/,
  }),
  trustDomain: text('Trust domain of the connectors’ SPIFFE names', { pattern: /^[a-z0-9][a-z0-9.-]{0,62}$/ }),
  signerPublicFile: filePath('public.json of the key ceremony: public halves of the signer’s keys'),
  policyBundle: filePath('Folder of the policy bundle with its bundle.lock'),
  artifacts: filePath('Folder of the artifact store'),
  opsListen: listen('host:port for /healthz, /readyz and /metrics').default({ host: '127.0.0.1', port: 0 }),
  timings: json.default(defaultTimings),
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
  queueUrl: secret('File with the address of the queue, redis: or postgres:; default is the database', {
    minLength: 9,
  }).optional(),
  sealKey: secret('File with 32 random bytes in base64url: seals reconstructed secrets', { minLength: 43 }),
});

export const signerSchema = z.object({
  ...common,
  signerKeys: filePath('Folder with the signer’s keys, mode 0700'),
});

export type ApiConfig = z.output<typeof apiSchema>;
export type WorkerConfig = z.output<typeof workerSchema>;
export type SignerConfig = z.output<typeof signerSchema>;
export type CommonConfig = Omit<SignerConfig, 'signerKeys'>;

/** Addresses without a password may stand in the environment itself. */
const PLAIN = { databaseUrl: 'DATABASE_URL', queueUrl: 'QUEUE_URL' } as const;

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Reads one process's configuration (architecture.md section 4). The three processes may share one environment file: a name of
 * another one is no fault.
 *
 * @throws ConfigError with every fault
 */
export function readConfig<S extends z.ZodObject>(schema: S, env: Env, argv: readonly string[]): z.output<S> {
  const plain = plainAddresses(schema, env);
  const required = Object.fromEntries(
    Object.entries(schema.shape).map(([key, field]) => [key, key in plain ? (field as z.ZodType).optional() : field]),
  );
  const source = { prefix: PREFIX, env, argv: [...argv], allow: allNames() };
  const config = loadConfig(z.object(required as z.ZodRawShape), source) as z.output<S>;
  return { ...config, ...plain };
}

function plainAddresses(schema: z.ZodObject, env: Env): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [key, name] of Object.entries(PLAIN)) {
    const value = env[PREFIX + name];
    if (value === undefined || !(key in schema.shape) || env[`${PREFIX}${name}_FILE`] !== undefined) continue;
    const parsed = URL.parse(value);
    if (parsed === null || parsed.password !== '') {
      const problem = 'is no address, or holds a password; put it into a file and name that with …_FILE';
      throw new ConfigError('CONFIG', 'The configuration is not usable; correct this and start again:', [
        { variable: PREFIX + name, problem },
      ]);
    }
    found[key] = value;
  }
  return found;
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
  throw new ConfigError('CONFIG', 'The configuration is not usable; correct this and start again:', [
    { variable: `${PREFIX}SEAL_KEY_FILE`, problem: 'is not 32 bytes in base64url' },
  ]);
}
