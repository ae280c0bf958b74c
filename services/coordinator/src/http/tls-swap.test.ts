import { mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import {
  type CertificateAuthority,
  createIssuer,
  createIssuingCa,
  createRootCa,
  generateP256,
  issueChecked,
  serverLeafOrder,
  serverTls,
  spkiDer,
} from '@sumveil/identity';
import { createLogger } from '@sumveil/telemetry';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readTlsPair, type TlsPair } from './tls-pair.ts';
import { looker } from './watch-tls.ts';

const HOUR = 3_600;
let folder: string;
let root: CertificateAuthority;
let issuing: CertificateAuthority;
let server: Server;
let lines: string[];
let look: () => void;
let inForce: TlsPair;
let ahead = 0;
const now = Date.now();
const files = () => ({ tlsCertFile: join(folder, 'now', 'tls.crt'), tlsKeyFile: join(folder, 'now', 'tls.key') });
let version = 0;

interface Change {
  readonly lifeSeconds?: number;
  readonly madeAt?: number;
  readonly ca?: CertificateAuthority;
  readonly foreignKey?: boolean;
  readonly chain?: (chain: string) => string;
}

/** A pair in a folder of its own, to which the link is then moved at once, as for Secrets in Kubernetes. */
async function swap(o: Change = {}): Promise<string> {
  const key = generateP256();
  const order = serverLeafOrder({
    spki: spkiDer(key),
    dnsNames: ['localhost'],
    lifeSeconds: o.lifeSeconds ?? 24 * HOUR,
    now: new Date(o.madeAt ?? now),
  });
  const { chainPem, serial } = await issueChecked(createIssuer(o.ca ?? issuing), order);
  const place = mkdtempSync(join(folder, 'v-'));
  writeFileSync(join(place, 'tls.crt'), o.chain?.(chainPem) ?? chainPem);
  const pem = (o.foreignKey ? generateP256() : key).export({ type: 'pkcs8', format: 'pem' });
  writeFileSync(join(place, 'tls.key'), pem, { mode: 0o400 });
  symlinkSync(place, join(folder, `link-${++version}`));
  renameSync(join(folder, `link-${version}`), join(folder, 'now'));
  return serial;
}

async function shown(): Promise<string> {
  const { port } = server.address() as AddressInfo;
  const socket: TLSSocket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: root.certificatePem });
  try {
    return await new Promise((resolve, reject) => {
      socket.once('secureConnect', () => resolve(socket.getPeerX509Certificate()!.serialNumber));
      socket.once('error', reject);
    });
  } finally {
    socket.destroy();
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sumveil-swap-'));
  root = await createRootCa({ now: new Date(now) });
  issuing = await createIssuingCa(root, { now: new Date(now) });
  await swap();
  inForce = readTlsPair(files(), root.certificatePem, now);
  server = createServer(serverTls(inForce)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
});
function watch(): void {
  [lines, ahead] = [[], 0];
  const logger = createLogger({ process: 'api', stream: { write: (line) => lines.push(line) } });
  look = looker({
    files: files(),
    inForce,
    rootsPem: root.certificatePem,
    clock: { now: () => now + ahead },
    logger,
    apply(pair) {
      inForce = pair;
      server.setSecureContext(serverTls(pair));
    },
  });
}
beforeEach(watch);
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const codes = () => lines.map((line) => (JSON.parse(line) as { event: string; code?: string }).code);

describe('a changed TLS certificate of main-api', () => {
  it('is shown to new connections after two looks that found the same, and to no earlier one', async () => {
    const before = await shown();
    const next = await swap();
    look();
    expect(await shown()).toBe(before);
    look();
    expect(await shown()).toBe(next);
    look();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(next);
  });

  it('is not half taken: a certificate whose key comes a look later is no fault', async () => {
    const next = await swap({ foreignKey: true });
    look();
    const whole = await swap();
    look();
    look();
    expect([codes(), await shown()]).toEqual([[undefined], whole]);
    expect(whole).not.toBe(next);
  });

  it.each<[string, Change, string]>([
    ['a key that is not its own', { foreignKey: true }, 'TLS_KEY'],
    ['one that has expired', { madeAt: now - 48 * HOUR * 1_000 }, 'TLS_NOT_VALID_NOW'],
    [
      'a leaf without its issuing CA',
      { chain: (chain) => chain.slice(0, chain.indexOf('-----END') + 26) },
      'TLS_CHAIN',
    ],
    ['no certificate', { chain: () => '' }, 'TLS_FILE'],
    ['half a certificate', { chain: (chain) => chain.slice(0, 300) }, 'TLS_FILE'],
    ['a CA', { chain: () => issuing.certificatePem }, 'TLS_KIND'],
  ])('stays out with %s: that is told once, and the old one is shown', async (_, change, code) => {
    const before = await shown();
    await swap(change);
    for (let looks = 0; looks < 4; looks += 1) look();
    expect(codes()).toEqual([code]);
    expect(await shown()).toBe(before);
  });

  it('stays out under a root that is not the coordinator’s', async () => {
    const before = await shown();
    const ca = await createIssuingCa(await createRootCa({ now: new Date(now) }), { now: new Date(now) });
    await swap({ ca });
    for (let looks = 0; looks < 3; looks += 1) look();
    expect([codes(), await shown()]).toEqual([['TLS_CHAIN'], before]);
  });

  it('that begins in the future is taken when its time has come', async () => {
    const before = await shown();
    ahead = -HOUR * 1_000;
    const next = await swap();
    for (let looks = 0; looks < 4; looks += 1) look();
    expect([codes(), await shown()]).toEqual([['TLS_NOT_VALID_NOW'], before]);
    ahead = 0;
    look();
    expect(lines).toHaveLength(2);
    expect(await shown()).toBe(next);
  });

  it('that stays out is told once more when the one in force is about to end', async () => {
    await swap();
    for (let looks = 0; looks < 2; looks += 1) look();
    await swap({ foreignKey: true });
    for (const hours of [0, 0, 12, 17, 20, 23]) {
      ahead = hours * HOUR * 1_000;
      look();
    }
    expect(codes()).toEqual([undefined, 'TLS_KEY', 'TLS_KEY']);
  });

  it('that came between the start and the first look is taken', async () => {
    const next = await swap();
    watch();
    look();
    look();
    expect([await shown(), lines.length]).toEqual([next, 1]);
  });

  it('that is gone for a while is no end: what comes next is taken', async () => {
    unlinkSync(join(folder, 'now'));
    for (let looks = 0; looks < 3; looks += 1) look();
    expect(codes()).toEqual(['TLS_FILE']);
    const next = await swap();
    for (let looks = 0; looks < 3; looks += 1) look();
    expect(await shown()).toBe(next);
  });
});
