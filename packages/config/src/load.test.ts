import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { describeConfig } from './describe.ts';
import { ConfigError } from './error.ts';
import { flag, integer, list, milliseconds, oneOf, port, secret, text, url } from './fields.ts';
import { loadConfig } from './load.ts';
import { readPrivateFile } from './private-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'sumveil-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PASSWORD = 'kq3v9w1zx7n5b2m8c4d6f0g1h3j5l7p9';
const passwordFile = file('db-password', `${PASSWORD}\n`, 0o400);

const schema = z.strictObject({
  databaseUrl: url('Where Postgres is', ['postgresql']),
  dbPassword: secret('Password of the database role'),
  apiPort: port('Port of the connector listener').default(8443),
  maxRounds: integer('Most rounds of a run', { min: 1, max: 1_000 }).default(100),
  pollMs: milliseconds('Pause between looks', { min: 10 }).optional(),
  allowRsa: flag('Take RS256 tokens').default(false),
  regions: list('Regions served').default([]),
  mode: oneOf('What to run', ['complete', 'graph']).default('complete'),
  issuer: text('Issuer | of tokens').optional(),
});

const good = {
  PATH: '/bin',
  SUMVEIL_DATABASE_URL: 'postgresql://api@db/sumveil',
  SUMVEIL_DB_PASSWORD_FILE: passwordFile,
};

function file(name: string, content: string, mode: number): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

function load(env: Record<string, string | undefined>, argv: string[] = []) {
  return loadConfig(schema, { prefix: 'SUMVEIL_', env, argv });
}

function faultsOf(env: Record<string, string | undefined>): string[] {
  try {
    load(env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).faults.map(({ variable, problem }) => `${variable}: ${problem}`);
  }
  return [];
}

describe('loadConfig', () => {
  test('converts values, fills defaults and reads the secret from its file', () => {
    const env = { ...good, SUMVEIL_API_PORT: '0', SUMVEIL_ALLOW_RSA: 'true', SUMVEIL_REGIONS: 'eu, uk' };
    expect(load(env)).toEqual({
      databaseUrl: 'postgresql://api@db/sumveil',
      dbPassword: PASSWORD,
      apiPort: 0,
      maxRounds: 100,
      allowRsa: true,
      regions: ['eu', 'uk'],
      mode: 'complete',
    });
  });

  test('lists every fault at once', () => {
    const faults = faultsOf({
      SUMVEIL_DB_PASSWORD_FILE: join(folder, 'nowhere'),
      SUMVEIL_API_PROT: '1',
      SUMVEIL_MAX_ROUNDS: '1e2',
      SUMVEIL_MODE: 'ring',
      SUMVEIL_ALLOW_RSA: 'yes',
    });
    expect(faults).toEqual([
      'SUMVEIL_API_PROT: is not a variable of this process',
      `SUMVEIL_DB_PASSWORD_FILE: ${join(folder, 'nowhere')} does not exist`,
      'SUMVEIL_DATABASE_URL: is not set',
      'SUMVEIL_MAX_ROUNDS: expected a whole number from 1 to 1000',
      'SUMVEIL_ALLOW_RSA: expected true or false',
      'SUMVEIL_MODE: expected one of complete, graph',
    ]);
  });

  test('refuses a secret given in the environment and does not repeat it', () => {
    const faults = faultsOf({ ...good, SUMVEIL_DB_PASSWORD: PASSWORD });
    expect(faults).toEqual([
      'SUMVEIL_DB_PASSWORD: is a secret and is read from a file only; set SUMVEIL_DB_PASSWORD_FILE',
    ]);
  });

  test.each(['65536', '-1', '0x10', '08', ' 5', ''])('refuses port %j', (value) => {
    expect(faultsOf({ ...good, SUMVEIL_API_PORT: value })).toEqual([
      'SUMVEIL_API_PORT: expected a whole number from 0 to 65535',
    ]);
  });

  test.each([
    ['too short', 'kq3v9w1zx7'],
    ['one character', 'a'.repeat(40)],
    ['a default', 'change-me-change-me-change-me-0123456789'],
    ['an address with a default password', 'postgresql://sumveil_api:password@db.internal/sumveil'],
  ])('refuses a secret that is %s', (name, content) => {
    const faults = faultsOf({ ...good, SUMVEIL_DB_PASSWORD_FILE: file(name, content, 0o600) });
    expect(faults).toHaveLength(1);
    expect(faults[0]).not.toContain(content);
  });

  test('refuses a URL with a password in it without repeating it', () => {
    const faults = faultsOf({ ...good, SUMVEIL_DATABASE_URL: 'postgresql://api:hunter22@db/x' });
    expect(faults).toEqual(['SUMVEIL_DATABASE_URL: holds a password; put it in a file of its own']);
  });

  test.each([
    'postgresql://api:kq3v9w1zx7@/sumveil?host=/srv/example/default',
    'postgresql:///default?host=/run/example',
  ])('an address is judged by its password only: %s', (content) => {
    const path = file(`address-${content.length}`, content, 0o400);
    expect(load({ ...good, SUMVEIL_DB_PASSWORD_FILE: path }).dbPassword).toBe(content);
  });

  test('a secret stays one whatever is chained to it', () => {
    const chained = z.object({ key: secret('Key').min(33).max(99).optional() });
    const source = { prefix: 'X_', env: { X_KEY: PASSWORD } };
    expect(() => loadConfig(chained, source)).toThrow(/X_KEY: is a secret .* set X_KEY_FILE/);
  });

  test('names that somebody else owns are allowed when listed', () => {
    const source = { prefix: 'SUMVEIL_', env: { ...good, SUMVEIL_IMAGE: 'x' }, allow: ['SUMVEIL_IMAGE'] };
    expect(loadConfig(schema, source).apiPort).toBe(8443);
  });

  test('--print-config prints without the secret and ends with 0', () => {
    const printed: string[] = [];
    class Exit extends Error {}
    const exit = (code: number): never => {
      printed.push(`exit ${code}`);
      throw new Exit();
    };
    const source = {
      prefix: 'SUMVEIL_',
      env: good,
      argv: ['--print-config'],
      print: (t: string) => printed.push(t),
      exit,
    };
    expect(() => loadConfig(schema, source)).toThrow(Exit);
    expect(JSON.parse(printed[0]!)).toMatchObject({ dbPassword: '(secret)', apiPort: 8443 });
    expect(printed.join('')).not.toContain(PASSWORD);
    expect(printed[1]).toBe('exit 0');
  });
});

describe('readPrivateFile', () => {
  test.each([0o440, 0o404, 0o620, 0o644])('refuses mode %o', (mode) => {
    expect(() => readPrivateFile(file(`mode-${mode}`, 'x', mode))).toThrow(/chmod 0400/);
  });

  test('follows a link, because mounted secrets are links, and looks at its target', () => {
    symlinkSync(passwordFile, join(folder, 'link'));
    expect(readPrivateFile(join(folder, 'link')).toString()).toBe(`${PASSWORD}\n`);
  });

  test('refuses an empty file, a folder and a file over the limit', () => {
    expect(() => readPrivateFile(file('empty', '', 0o400))).toThrow(/is empty/);
    expect(() => readPrivateFile(folder)).toThrow(/not a plain file/);
    expect(() => readPrivateFile(file('large', 'xxxx', 0o400), { maxBytes: 3 })).toThrow(/larger than 3/);
  });
});

test('describeConfig gives one row a variable with its default and no broken table cells', () => {
  const lines = describeConfig(schema, { prefix: 'SUMVEIL_' }).split('\n');
  expect(lines).toContain('| `SUMVEIL_API_PORT` | port | `8443` | Port of the connector listener |');
  expect(lines).toContain(
    '| `SUMVEIL_DB_PASSWORD_FILE` | secret file, mode 0400 | required | Password of the database role |',
  );
  expect(lines).toContain('| `SUMVEIL_ISSUER` | text | none | Issuer \\| of tokens |');
  expect(lines.filter((line) => line.startsWith('| `'))).toHaveLength(Object.keys(schema.shape).length);
});
