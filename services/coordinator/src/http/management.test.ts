import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { defineRoute, type Role } from '@sumveil/wire';
import { exportJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type OidcProcess, startOidc } from '../../../../tests/constellation/oidc.ts';
import { startTestPostgres, type TestPostgres } from '../../../../tests/constellation/postgres.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { bind } from './bind.ts';
import { oidcIssuer } from './issuer.ts';
import { managementListener } from './management-listener.ts';
import type { App } from './server.ts';
import { testDeps } from './test-deps.ts';

const TENANT = 'aaaabbbbccccdddd';
const route = { listener: 'management', status: 200, summary: '', errors: [] } as const;
const whoami = defineRoute({
  ...route,
  name: 'whoami',
  method: 'GET',
  path: '/v1/whoami',
  roles: ['data-steward'],
  response: z.strictObject({ userRef: z.string(), tenantRef: z.string(), roles: z.array(z.string()) }),
});
const noRoles = defineRoute({ ...route, name: 'noRoles', method: 'GET', path: '/v1/no-roles', response: null });
const count = defineRoute({
  ...route,
  name: 'count',
  method: 'POST',
  path: '/v1/count',
  roles: ['data-steward'],
  body: z.strictObject({ by: z.number() }),
  response: z.strictObject({ total: z.number() }),
});

let postgres: TestPostgres;
let db: Database;
let oidc: OidcProcess;
let total = 0;

const people = {
  steward: { secret: 'a'.repeat(32), sumveil_tenant: TENANT, sumveil_roles: ['data-steward', 'tenant-admin'] },
  nobody: { secret: 'b'.repeat(32), sumveil_tenant: TENANT, sumveil_roles: ['data-steward'] },
};

async function listener(issuer: string): Promise<App> {
  const token = { issuer, keys: oidcIssuer(issuer), algorithms: ['ES256', 'EdDSA'], type: 'at+jwt' } as const;
  const bindings = [
    bind(whoami, async ({ person }) => ({ ...person, roles: [...person.roles] })),
    bind(noRoles, async () => undefined),
    bind(count, async ({ body }) => {
      total += body.by;
      return { total };
    }),
  ];
  const app = await managementListener(testDeps(db), { tls: {}, bindings, token, version: '0.0.0' });
  await app.ready();
  return app;
}

const bindRole = async (iss: string, sub: string, role: Role, scope = TENANT) => {
  await db.prisma.appUser.upsert({ where: { ref: sub }, create: { ref: sub, iss, sub }, update: { iss } });
  await db.prisma.roleBinding.create({ data: { userRef: sub, role, scope } });
};

const get = (app: App, url: string, token?: string, scheme = 'Bearer') =>
  app.inject({ method: 'GET', url, headers: token === undefined ? {} : { authorization: `${scheme} ${token}` } });

beforeAll(async () => {
  [postgres, oidc] = await Promise.all([startTestPostgres(), startOidc(people)]);
  db = openDatabase((await postgres.fresh()).api);
});

afterAll(async () => {
  await Promise.all([oidc.stop(), db.close()]);
  await postgres.stop();
});

describe('people, by an OIDC issuer in another process', () => {
  let app: App;
  let token: string;

  beforeAll(async () => {
    app = await listener(oidc.issuer);
    token = await oidc.token('steward');
    await bindRole(oidc.issuer, 'steward', 'data-steward');
  });
  afterAll(() => app.close());

  it('have the roles of their token that are bound here', async () => {
    const answer = await get(app, '/v1/whoami', token);
    expect(answer.json()).toEqual({ userRef: 'steward', tenantRef: TENANT, roles: ['data-steward'] });
  });

  it('lose a removed role with the very next request', async () => {
    const binding = { userRef_role_scope: { userRef: 'steward', role: 'data-steward', scope: TENANT } };
    await db.prisma.roleBinding.delete({ where: binding });
    expect((await get(app, '/v1/whoami', token)).statusCode).toBe(403);
    await bindRole(oidc.issuer, 'steward', 'data-steward');
    expect((await get(app, '/v1/whoami', token)).statusCode).toBe(200);
  });

  it('are unknown without a row here, whatever the token says', async () => {
    expect((await get(app, '/v1/whoami', await oidc.token('nobody'))).statusCode).toBe(401);
  });

  it('cannot reach a route that names no role', async () => {
    expect((await get(app, '/v1/no-roles', token)).statusCode).toBe(403);
  });

  it('get the first answer for a repeated Idempotency-Key', async () => {
    const post = (key: string, by: number) =>
      app.inject({
        method: 'POST',
        url: '/v1/count',
        headers: { authorization: `Bearer ${token}`, 'idempotency-key': key },
        payload: { by },
      });
    const key = randomUUID();
    const [one, two] = [await post(key, 5), await post(key, 5)];
    expect([one.json(), two.json(), total]).toEqual([{ total: 5 }, { total: 5 }, 5]);
    expect(two.headers['idempotent-replay']).toBe('true');
    expect((await post(key, 6)).statusCode).toBe(409);
    expect((await post(randomUUID(), 1)).json()).toEqual({ total: 6 });
    const together = await Promise.all(Array.from({ length: 8 }, () => post('same', 1)));
    expect(total).toBe(7);
    for (const answer of together) expect([200, 409]).toContain(answer.statusCode);
  });

  it('are let in while the issuer is down, by the keys that are known', async () => {
    await oidc.stop();
    expect((await get(app, '/v1/whoami', token)).statusCode).toBe(200);
  });

  it('have the API document, written from the route table', async () => {
    const document = (await get(app, '/docs/openapi.json')).json();
    expect(document.openapi).toBe('3.1.0');
    expect(document.paths['/v1/plans/{planDigest}/runs'].post.operationId).toBe('startRun');
    const page = await get(app, '/docs/');
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.body).not.toMatch(/(src|href)="https?:/);
    expect(page.headers['content-security-policy']).toContain("connect-src 'self'");
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
  });
});

describe('tokens', () => {
  let app: App;
  let server: Server;
  let issuer: string;
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ed = generateKeyPairSync('ed25519');
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

  beforeAll(async () => {
    const keys = await Promise.all(
      Object.entries({ ec, ed, rsa }).map(async ([kid, pair]) => ({
        ...(await exportJWK(pair.publicKey)),
        kid,
        use: 'sig',
      })),
    );
    server = createServer((request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(request.url === '/jwks' ? { keys } : { issuer, jwks_uri: `${issuer}/jwks` }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    app = await listener(issuer);
    await bindRole(issuer, 'table', 'data-steward');
  });
  afterAll(async () => {
    await app.close();
    await new Promise((resolve) => server.close(resolve));
  });

  const now = () => Math.floor(Date.now() / 1_000);
  const good = () => ({
    iss: issuer,
    aud: 'sumveil-api',
    sub: 'table',
    iat: now(),
    exp: now() + 600,
    jti: randomUUID(),
    sumveil_tenant: TENANT,
    sumveil_roles: ['data-steward'],
  });
  type Change = { claims?: Record<string, unknown>; header?: Record<string, unknown>; key?: KeyObject | Uint8Array };
  const sign = ({ claims = {}, header = {}, key = ec.privateKey }: Change) =>
    new SignJWT({ ...good(), ...claims } as never)
      .setProtectedHeader({ alg: 'ES256', kid: 'ec', typ: 'at+jwt', ...header } as { alg: string })
      .sign(key);

  it.each<[string, () => Change]>([
    ['ES256', () => ({})],
    ['EdDSA', () => ({ header: { alg: 'EdDSA', kid: 'ed' }, key: ed.privateKey })],
    ['issued 50 s ahead of our clock', () => ({ claims: { iat: now() + 50 } })],
    ['expired 30 s ago, within the tolerance', () => ({ claims: { exp: now() - 30 } })],
    ['several audiences', () => ({ claims: { aud: ['other', 'sumveil-api'] } })],
  ])('accept %s', async (_, change) => {
    const answer = await get(app, '/v1/whoami', await sign(change()));
    expect(answer.statusCode, answer.body).toBe(200);
  });

  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  it.each<[string, () => Change]>([
    ['another issuer', () => ({ claims: { iss: 'https://evil.example' } })],
    ['another audience', () => ({ claims: { aud: 'someone-else' } })],
    ['expired', () => ({ claims: { exp: now() - 90 } })],
    ['issued in the future', () => ({ claims: { iat: now() + 300, exp: now() + 900 } })],
    ['older than 15 minutes', () => ({ claims: { iat: now() - 1_000 } })],
    ['not yet valid', () => ({ claims: { nbf: now() + 300 } })],
    ...['sub', 'iat', 'exp', 'jti', 'sumveil_tenant', 'sumveil_roles'].map((claim): [string, () => Change] => [
      `without ${claim}`,
      () => ({ claims: { [claim]: undefined } }),
    ]),
    ['an ID token', () => ({ header: { typ: 'JWT' } })],
    ['no typ', () => ({ header: { typ: undefined } })],
    ['an unknown key id', () => ({ header: { kid: 'elsewhere' } })],
    ['a foreign key under a known id', () => ({ key: stranger.privateKey })],
    ['RS256, which is not configured', () => ({ header: { alg: 'RS256', kid: 'rsa' }, key: rsa.privateKey })],
    [
      'HS256 with the public key as secret',
      () => ({
        header: { alg: 'HS256' },
        key: Buffer.from(ec.publicKey.export({ type: 'spki', format: 'pem' })),
      }),
    ],
    ['roles that are no list', () => ({ claims: { sumveil_roles: 'data-steward' } })],
  ])('refuse %s', async (_, change) => {
    const answer = await get(app, '/v1/whoami', await sign(change()));
    expect(answer.statusCode).toBe(401);
    expect(answer.json().code).toBe('UNAUTHENTICATED');
  });

  it('refuse what is no token, all with the same answer', async () => {
    const token = await sign({});
    const none = `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${token.split('.')[1]}.`;
    const answers = await Promise.all([
      get(app, '/v1/whoami'),
      get(app, '/v1/whoami', token, 'Basic'),
      get(app, '/v1/whoami', none),
      get(app, '/v1/whoami', `${token}x`),
      get(app, '/v1/whoami', 'x.y.z'),
      get(app, '/v1/whoami', ''),
    ]);
    const bodies = answers.map((answer) => ({ ...answer.json(), correlationId: '' }));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(answers.map(() => 401));
    expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1);
  });

  it('give no role for another tenant than the token names', async () => {
    const token = await sign({ claims: { sumveil_tenant: 'zzzzyyyyxxxxwwww' } });
    expect((await get(app, '/v1/whoami', token)).statusCode).toBe(403);
  });

  it('give no role that only the database knows', async () => {
    const token = await sign({ claims: { sumveil_roles: ['auditor'] } });
    expect((await get(app, '/v1/whoami', token)).statusCode).toBe(403);
  });
});

describe('an issuer', () => {
  it('must be https away from loopback', () => {
    expect(() => oidcIssuer('http://issuer.example')).toThrow(/not https/);
    expect(() => oidcIssuer('https://issuer.example')).not.toThrow();
  });

  it('that does not answer gives 503, not 401', async () => {
    const app = await listener('http://127.0.0.1:1');
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const token = await new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid: 'x', typ: 'at+jwt' }).sign(privateKey);
    const answer = await get(app, '/v1/whoami', token);
    expect(answer.statusCode).toBe(503);
    await app.close();
  });
});
