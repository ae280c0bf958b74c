import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import {
  createIssuer,
  createIssuingCa,
  createRootCa,
  generateP256,
  issueChecked,
  serverLeafOrder,
  spkiDer,
} from '@sumveil/identity';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bad, diagnose, exitCodeOf, good, warn } from './diagnosis.ts';
import { folderCheck } from './folder-check.ts';
import { linkChecks } from './link-checks.ts';
import { probe } from './probe.ts';
import { diagnosisText } from './text.ts';
import { clockCheck } from './time-checks.ts';

const DAY = 86_400_000;
const key = generateP256();
let roots: { own: string; other: string };
let issue: (at: Date, days: number, ip?: string) => Promise<string>;
let open: Server[] = [];

beforeAll(async () => {
  const past = new Date(Date.now() - 200 * DAY);
  const [root, other] = await Promise.all([createRootCa({ now: past }), createRootCa({ now: past })]);
  const issuer = createIssuer(await createIssuingCa(root, { now: past }));
  roots = { own: root.certificatePem, other: other.certificatePem };
  issue = async (now, days, ip = '127.0.0.1') => {
    const names = { dnsNames: ['localhost'], ipAddresses: [ip] };
    const order = serverLeafOrder({ spki: spkiDer(key), ...names, lifeSeconds: days * 86_400, now });
    return (await issueChecked(issuer, order)).chainPem;
  };
});

afterEach(() => {
  for (const server of open) server.close();
  open = [];
});

function listening(server: Server): Promise<string> {
  open.push(server);
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve(`https://127.0.0.1:${(server.address() as AddressInfo).port}`)),
  );
}

function coordinator(chain: string, headers: Record<string, string> = { server: 'sumveil/1.0.0' }): Promise<string> {
  const pem = key.export({ type: 'pkcs8', format: 'pem' });
  const answer = createHttps({ cert: chain, key: pem, minVersion: 'TLSv1.3' }, (_, reply) => {
    reply.writeHead(404, headers).end();
  });
  return listening(answer as unknown as Server);
}

async function look(url: string, o: { root?: string; now?: number } = {}) {
  const now = o.now ?? Date.now();
  const found = await probe(url, { ca: [o.root ?? roots.own], minVersion: 'TLSv1.3' }, () => now);
  const checks = linkChecks(found, { version: '1.0.0', now });
  return Object.fromEntries(checks.map((check) => [check.id, check]));
}

describe('the way to a coordinator', () => {
  it('is healthy when name, port, chain, clock and release are as they should be', async () => {
    const found = await look(await coordinator(await issue(new Date(), 90)));
    expect(Object.values(found).filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(Object.keys(found)).toEqual(['network', 'tls', 'clock', 'server-cert', 'version']);
  });

  it('ends at a name that nobody knows', async () => {
    const { network } = await look('https://coordinator.invalid');
    expect(network).toMatchObject({ status: 'fail', detail: expect.stringMatching(/coordinator\.invalid.*resolved/) });
  });

  it('ends at a port that nobody listens on', async () => {
    const url = await coordinator(await issue(new Date(), 90));
    await new Promise((resolve) => open.pop()!.close(resolve));
    expect((await look(url)).network).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('ends where something else than TLS 1.3 answers', async () => {
    const url = await listening(
      createTcp((socket) => socket.on('error', () => {}).end('HTTP/1.0 400 Bad Request\r\n\r\n')),
    );
    const { tls } = await look(url);
    expect(tls).toMatchObject({ status: 'fail', next: expect.stringMatching(/no inspection/) });
  });

  it('ends at another root than the pinned one', async () => {
    const found = await look(await coordinator(await issue(new Date(), 90)), { root: roots.other });
    expect(found.tls).toMatchObject({ status: 'fail', detail: expect.stringMatching(/pinned/) });
    expect(found.clock).toBeUndefined();
  });

  it('ends at a certificate for another address', async () => {
    const { tls } = await look(await coordinator(await issue(new Date(), 90, '192.0.2.9')));
    expect(tls).toMatchObject({ status: 'fail', detail: expect.stringMatching(/another name/) });
  });

  it('ends at an expired certificate, and says since when', async () => {
    const found = await look(await coordinator(await issue(new Date(Date.now() - 100 * DAY), 90)));
    expect(found.tls).toMatchObject({ status: 'fail', detail: expect.stringMatching(/expired/) });
    expect(found['server-cert']).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/ended (9|10) days ago/),
    });
  });

  it('works, but somebody should look when little of the certificate’s life is left', async () => {
    const found = await look(await coordinator(await issue(new Date(Date.now() - 80 * DAY), 90)));
    expect(found['server-cert']).toMatchObject({
      status: 'warn',
      detail: expect.stringMatching(/has (9|10) days left/),
    });
  });

  it('tells clocks that are further apart than the leeway, and which way', async () => {
    const url = await coordinator(await issue(new Date(), 90));
    expect((await look(url, { now: Date.now() - 300_000 })).clock).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/5 min behind/),
    });
    expect((await look(url, { now: Date.now() + 300_000 })).clock).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/5 min ahead/),
    });
    expect(clockCheck('somebody', 45_000).status).toBe('warn');
    expect(clockCheck('somebody', -20_000).status).toBe('ok');
  });

  it('tells another release on the other side', async () => {
    const { version } = await look(await coordinator(await issue(new Date(), 90), { server: 'sumveil/2.0.0' }));
    expect(version).toMatchObject({ status: 'warn', detail: '1.0.0 here, 2.0.0 at the coordinator' });
  });
});

describe('a folder', () => {
  const folder = mkdtempSync(`${tmpdir()}/sumveil-folder-`);
  const check = (path: string, least = 1) => folderCheck('disk', 'it', path, { least, next: 'look' });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is fine, missing, no folder, or full', () => {
    expect(check(folder).status).toBe('ok');
    expect(check(`${folder}/none`)).toMatchObject({ status: 'fail', detail: 'it does not exist' });
    expect(check(import.meta.filename)).toMatchObject({ status: 'fail', detail: 'it is no folder' });
    expect(check(folder, 2 ** 60)).toMatchObject({ status: 'fail', detail: expect.stringContaining('free') });
  });
});

describe('a diagnosis', () => {
  it('is as bad as its worst check, and names the first of those', () => {
    expect(diagnose([good('a', 'x')])).toMatchObject({ verdict: 'healthy', ok: true });
    const worse = diagnose([good('a', 'x'), warn('b', 'y', 'see b'), warn('c', 'z', 'see c')]);
    expect(worse).toMatchObject({ verdict: 'works-but', ok: true, reason: 'b: y (and 1 more)', next: 'see b' });
    const worst = diagnose([warn('b', 'y', 'see b'), bad('c', 'z', 'see c')]);
    expect(worst).toMatchObject({ verdict: 'broken', ok: false, reason: 'c: z', next: 'see c' });
    expect([diagnose([]), worse, worst].map(exitCodeOf)).toEqual([0, 2, 1]);
  });

  it('reads within 80 columns, verdict first, remedy below its check', () => {
    const long = 'words that go on and on '.repeat(9).trim();
    const text = diagnosisText(diagnose([good('network', long), bad('server-cert', long, long)]));
    const lines = text.split('\n');
    expect(lines[0]).toMatch(/^BROKEN: server-cert: /);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    const at = lines.findIndex((line) => line.startsWith('fail  server-cert  words'));
    expect(lines.slice(at).some((line) => /^ {19}→ words/.test(line))).toBe(true);
  });
});
