import { createPrivateKey } from 'node:crypto';
import { Agent, request } from 'node:https';
import type { TLSSocket } from 'node:tls';
import {
  type CertificateAuthority,
  connectorLeafOrder,
  connectorListenerTls,
  createIssuer,
  createIssuingCa,
  createRootCa,
  enrolmentListenerTls,
  generateP256,
  issueChecked,
  serverLeafOrder,
  spiffeName,
  spkiDer,
} from '@sumveil/identity';
import { defineRoute, routes } from '@sumveil/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startTestPostgres, type TestPostgres } from '../../../../tests/constellation/postgres.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { bind } from './bind.ts';
import { connectorListener } from './connector-listener.ts';
import { enrolmentListener } from './enrolment-listener.ts';
import type { ConnectorPeer, PeerState } from './identity.ts';
import { listenOn } from './listen.ts';
import type { App } from './server.ts';
import { testDeps } from './test-deps.ts';

const DAY = 86_400;
const TENANT = 'aaaabbbbccccdddd';
const who = defineRoute({
  name: 'who',
  summary: '',
  method: 'GET',
  path: '/v1/who',
  listener: 'connector',
  response: z.strictObject({ name: z.string(), tenantRef: z.string(), serial: z.string() }),
  status: 200,
  errors: [],
});
const held = defineRoute({ ...who, name: 'held', path: '/v1/held', longPoll: true });

let postgres: TestPostgres;
let db: Database;
let root: CertificateAuthority;
let issuing: CertificateAuthority;
let tls: object;
let app: App;
let port: number;
let evict: (isOut: (peer: ConnectorPeer) => boolean) => number;
let state: PeerState = 'ok';
let ahead = 0;

async function leaf(ca: CertificateAuthority, name: string, lifeSeconds = DAY) {
  const key = generateP256();
  const order = connectorLeafOrder({ spki: spkiDer(key), name, lifeSeconds, now: new Date() });
  const { certificatePem, chainPem, serial } = await issueChecked(createIssuer(ca), order);
  return {
    key: key.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: chainPem,
    leafOnly: certificatePem,
    serial,
  };
}

function ask(
  path: string,
  client: object,
  target = port,
  body?: string,
): Promise<{ status: number; body: string; socket: TLSSocket }> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const options = {
      host: '127.0.0.1',
      port: target,
      path,
      method,
      headers,
      ca: root.certificatePem,
      minVersion: 'TLSv1.3' as const,
      ...client,
    };
    const sent = request(options, (response) => {
      const socket = response.socket as TLSSocket;
      let text = '';
      response.on('data', (piece) => {
        text += piece;
      });
      response.on('end', () => resolve({ status: response.statusCode!, body: text, socket }));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

beforeAll(async () => {
  postgres = await startTestPostgres();
  db = openDatabase((await postgres.fresh()).api);
  root = await createRootCa({ now: new Date() });
  issuing = await createIssuingCa(root, { now: new Date() });
  const key = generateP256();
  const order = serverLeafOrder({
    spki: spkiDer(key),
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1'],
    lifeSeconds: DAY,
    now: new Date(),
  });
  const { chainPem } = await issueChecked(createIssuer(issuing), order);
  tls = connectorListenerTls({ chainPem, key, rootsPem: [root.certificatePem] });
  const deps = { ...testDeps(db), clock: { now: () => Date.now() + ahead } };
  const revocations = {
    check: async (_: ConnectorPeer) => state,
    start: async (destroy: typeof evict) => {
      evict = destroy;
      return () => {};
    },
  };
  const bindings = [
    bind(who, async ({ connector }) => connector),
    bind(
      held,
      ({ signal, connector }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(connector))),
    ),
  ];
  app = await connectorListener(deps, { tls, bindings, revocations });
  port = await listenOn(app, 'connector', { host: '127.0.0.1', port: 0 }, deps.logger);
});

afterAll(async () => {
  await app.close();
  await db.close();
  await postgres.stop();
});

const name = spiffeName('sumveil.test', TENANT, 1);

describe('connector listener (governance 1)', () => {
  it('knows who asks by the certificate alone', async () => {
    const client = await leaf(issuing, name);
    const answer = await ask('/v1/who', client);
    expect(JSON.parse(answer.body)).toEqual({ name, tenantRef: TENANT, serial: client.serial });
    expect(answer.socket.getProtocol()).toBe('TLSv1.3');
  });

  it('lets nobody in without a certificate under its roots, issuing CA included', async () => {
    const strangerRoot = await createRootCa({ now: new Date() });
    const stranger = await leaf(await createIssuingCa(strangerRoot, { now: new Date() }), name);
    const mine = await leaf(issuing, name);
    await expect(ask('/v1/who', {})).rejects.toThrow();
    await expect(ask('/v1/who', stranger)).rejects.toThrow();
    await expect(ask('/v1/who', { key: mine.key, cert: mine.leafOnly })).rejects.toThrow();
    await expect(ask('/v1/who', { ...mine, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' })).rejects.toThrow();
  });

  it('destroys a connection whose name is of another trust domain', async () => {
    await expect(ask('/v1/who', await leaf(issuing, spiffeName('other.test', TENANT, 1)))).rejects.toThrow();
  });

  it('refuses a certificate that expires while its connection is open', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const client = { ...(await leaf(issuing, name)), agent };
    const first = await ask('/v1/who', client);
    ahead = 2 * DAY * 1_000;
    try {
      const second = await ask('/v1/who', client);
      expect([first.status, second.status]).toEqual([200, 401]);
      expect(second.socket === first.socket).toBe(true);
    } finally {
      ahead = 0;
      agent.destroy();
    }
  });

  it('closes open sockets of a revoked name and answers 503 while nobody knows', async () => {
    const agent = new Agent({ keepAlive: true });
    const client = { ...(await leaf(issuing, name)), agent };
    const { socket } = await ask('/v1/who', client);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    expect(evict((peer) => peer.name === name && peer.serial === client.serial)).toBe(1);
    await closed;
    try {
      state = 'revoked';
      await expect(ask('/v1/who', client)).rejects.toThrow();
      state = 'unknown';
      expect((await ask('/v1/who', client)).status).toBe(503);
    } finally {
      state = 'ok';
      agent.destroy();
    }
  });

  it('answers 401 to a serial that nobody knows, and closes its connection after that', async () => {
    const agent = new Agent({ keepAlive: true });
    const client = { ...(await leaf(issuing, name)), agent };
    try {
      state = 'stranger';
      const { status, body, socket } = await ask('/v1/who', client);
      expect([status, JSON.parse(body).code]).toEqual([401, 'UNAUTHENTICATED']);
      if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve));
    } finally {
      state = 'ok';
      agent.destroy();
    }
  });

  it('counts a request as a sign of life of its tenant', async () => {
    await db.prisma.$executeRaw`UPDATE presence SET seen_at = now() - interval '1 hour'`;
    await ask('/v1/held', await leaf(issuing, name));
    await expect
      .poll(async () => {
        const row = await db.prisma.presence.findUnique({ where: { tenantRef: TENANT } });
        return row !== null && Date.now() - row.seenAt.getTime() < 60_000;
      })
      .toBe(true);
  });
});

describe('enrolment listener', () => {
  let enrolment: App;
  let target: number;
  const body = (token: string) =>
    JSON.stringify({
      token,
      csr: 'x',
      rosterKey: 'A'.repeat(43),
      rosterProof: 'A'.repeat(86),
      witnessKey: 'A'.repeat(43),
      witnessProof: 'A'.repeat(86),
    });

  beforeAll(async () => {
    const deps = testDeps(db);
    const { cert, key } = tls as { cert: string; key: string };
    const options = enrolmentListenerTls({ chainPem: cert, key: createPrivateKey(key), rootPem: root.certificatePem });
    const answer = { tenantRef: TENANT, name, chain: 'c', root: 'r', idx: 1 };
    const bindings = [bind(routes.enroll, async () => answer)];
    enrolment = await enrolmentListener(deps, { tls: options, bindings, perAddress: 12, perToken: 3 });
    target = await listenOn(enrolment, 'enrolment', { host: '127.0.0.1', port: 0 }, deps.logger);
  });
  afterAll(() => enrolment.close());

  it('limits attempts under an expired serial by address, so that no stranger uses them up for its tenant', async () => {
    const expired = `4${'0'.repeat(31)}`;
    const returning = JSON.stringify({ expired, csr: 'x', proof: 'A'.repeat(86) });
    const from = async (localAddress: string) => (await ask('/v1/enroll', { localAddress }, target, returning)).status;
    const stranger = [];
    for (let n = 0; n < 5; n += 1) stranger.push(await from('127.0.0.9'));
    expect(stranger).toEqual([201, 201, 201, 429, 429]);
    expect(await from('127.0.0.8')).toBe(201);
  });

  it('asks for no certificate, and limits attempts by token and by address', async () => {
    const one = 'A'.repeat(43);
    const two = 'B'.repeat(43);
    const statuses = [];
    for (let n = 0; n < 5; n += 1) statuses.push((await ask('/v1/enroll', {}, target, body(one))).status);
    expect(statuses).toEqual([201, 201, 201, 429, 429]);
    expect((await ask('/v1/enroll', {}, target, body(two))).status).toBe(201);
    for (let n = 0; n < 6; n += 1) await ask('/v1/enroll', {}, target, body(`${n}`.repeat(43)));
    const last = await ask('/v1/enroll', {}, target, body('C'.repeat(43)));
    expect(last.status).toBe(429);
    expect(JSON.parse(last.body)).toMatchObject({ code: 'RATE_LIMITED', status: 429 });
  });
});
