import { once } from 'node:events';
import { statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { rosterFingerprint } from '@sumveil/secagg';
import { dsseBytes, parseTrust } from '@sumveil/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Constellation, type TestSite } from '../testing/constellation.ts';
import { approve, testTenant } from '../testing/tenants.ts';
import { openOffline } from './offline.ts';

let world: Constellation;
let site: TestSite;
beforeAll(async () => {
  world = await new Constellation().start(5);
  site = world.sites[0]!;
});
afterAll(() => world.stop());

async function page(o: { method?: string; host?: string; path?: string }): Promise<{ status: number; text: string }> {
  const call = request({
    port: site.connector!.statusPort,
    host: '127.0.0.1',
    method: o.method ?? 'GET',
    path: o.path ?? '/',
    headers: { host: o.host ?? '127.0.0.1' },
  }).end();
  const [answer] = await once(call, 'response');
  let text = '';
  for await (const part of answer) text += part;
  return { status: answer.statusCode, text };
}

describe('control socket', () => {
  it('opens for the owner alone', () => {
    expect(statSync(join(site.config.stateDir, 'control.sock')).mode & 0o777).toBe(0o600);
    expect(statSync(site.config.stateDir).mode & 0o777).toBe(0o700);
  });

  it('shows the pinned roster with its fingerprint and the own row', async () => {
    const { body } = await site.ask('GET', '/v1/roster');
    const fingerprint = rosterFingerprint(world.coordinator.roster.rosterHash);
    expect(body).toMatchObject({ pinned: { epoch: 1, fingerprint, ownRow: 'ok' }, offered: { fingerprint } });
  });

  it('answers ready, and gives the trust file of what is pinned', async () => {
    expect(await site.ask('GET', '/v1/probe/ready')).toMatchObject({ status: 200, body: { ok: true } });
    const { bytes } = await site.ask('GET', '/v1/roster/trust');
    expect(parseTrust(bytes)).toMatchObject({ rosterId: 'test', epoch: 1 });
  });

  it('pins no roster under another hash than the admin has compared', async () => {
    const late = await world.lateSite();
    const wrong = await late.ask('POST', '/v1/roster/pin', { rosterHash: '0'.repeat(64) });
    expect(wrong).toMatchObject({ status: 409, body: { code: 'HASH_MISMATCH' } });
    const right = await late.ask('POST', '/v1/roster/pin', {
      rosterHash: world.coordinator.roster.rosterHash.toString('hex'),
    });
    // This tenant enrolled after the roster was made: no row, no pin.
    expect(right).toMatchObject({ status: 409, body: { code: 'ROSTER_REFUSED' } });
    expect(await late.ask('GET', '/v1/probe/ready')).toMatchObject({ status: 503, body: { code: 'ROSTER_NONE' } });
  });

  it('keeps a withdrawal only from an approver of the own list', async () => {
    const stranger = testTenant(1).steward;
    const envelope = approve(site, stranger, `sha256:${'0'.repeat(64)}`, { at: Date.now(), decision: 'withdrawn' });
    expect(await site.ask('POST', '/v1/withdrawals', dsseBytes(envelope))).toMatchObject({
      status: 422,
      body: { code: 'MESSAGE_REFUSED' },
    });
    const granted = approve(site, site.approvers[0]!, `sha256:${'0'.repeat(64)}`, { at: Date.now() });
    expect(await site.ask('POST', '/v1/withdrawals', dsseBytes(granted))).toMatchObject({ status: 422 });
  });

  it('counts the version of the approver list up', async () => {
    const approvers = (await site.ask('GET', '/v1/approvers')).body as { version: number; approvers: unknown[] };
    const again = await site.ask('POST', '/v1/approvers', { approvers: approvers.approvers });
    expect(again).toMatchObject({ status: 200, body: { version: approvers.version + 1 } });
  });

  it('says what it does not know', async () => {
    expect(await site.ask('GET', '/v1/nothing')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    expect(await site.ask('POST', '/v1/roster/pin', { rosterHash: 'x' })).toMatchObject({ status: 400 });
    expect(await site.ask('GET', '/v1/egress?limit=-1')).toMatchObject({ status: 400 });
  });
});

describe('status page', () => {
  it('shows state, roster and what has left, to loopback and GET alone', async () => {
    const shown = await page({});
    expect(shown).toMatchObject({ status: 200 });
    expect(shown.text).toContain(rosterFingerprint(world.coordinator.roster.rosterHash));
    expect(shown.text).toContain('What left this site');
    expect(await page({ method: 'POST' })).toMatchObject({ status: 405 });
    expect(await page({ host: 'evil.example' })).toMatchObject({ status: 403 });
    expect(await page({ path: '/v1/status' })).toMatchObject({ status: 404 });
  });
});

describe('a connector that is stopped', () => {
  it('leaves its state to the command line, which cannot have it before', async () => {
    const other = world.sites[1]!;
    expect(() => openOffline(other.config.stateDir)).toThrow(expect.objectContaining({ code: 'STATE_BUSY' }));
    await other.connector!.stop();
    await expect(other.ask('GET', '/v1/status')).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    const offline = openOffline(other.config.stateDir);
    expect(offline.status()).toMatchObject({ state: 'stopped', tenantRef: other.ref, roster: { epoch: 1 } });
    expect(offline.egress().map((entry) => entry.what)).toContain('approvers');
    expect(parseTrust(offline.trust())).toMatchObject({ epoch: 1 });
    offline.close();
  });

  it('stops by itself with exit code 78 when its local policy gets an unknown key', async () => {
    const other = world.sites[2]!;
    await other.connector!.stop();
    const child = await other.spawn();
    let said = '';
    child.stderr!.on('data', (part) => {
      said += part;
    });
    writeFileSync(other.config.localPolicy!, 'minCohrt: 2\n');
    const [code] = await once(child, 'exit');
    expect(code).toBe(78);
    expect(said).toContain('minCohrt');
  });
});
