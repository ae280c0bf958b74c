import { readFileSync, writeFileSync } from 'node:fs';
import type { Diagnosis } from '@sumveil/client';
import { encodeRoster, parseRoster } from '@sumveil/secagg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Constellation, type TestSite } from '../testing/constellation.ts';

const DAY = 86_400_000;
let world: Constellation;
let ahead = 0;

beforeAll(async () => {
  world = await new Constellation().start(5);
  await world.grant();
  await world.coordinator.openRound(1);
  await world.message('m0', 1);
  // The second tenant's clock can be set.
  await restart(world.sites[1]!, () => Date.now() + ahead);
}, 60_000);
afterAll(() => world.stop());

async function restart(site: TestSite, now?: () => number): Promise<void> {
  await site.connector!.stop();
  await site.start(now);
}

async function ask(site: TestSite) {
  const diagnosis = (await site.ask('POST', '/v1/doctor')).body as Diagnosis;
  const checks = Object.fromEntries(diagnosis.checks.map((check) => [check.id, check]));
  return { ...diagnosis, by: checks };
}

describe('the doctor of a connector', () => {
  it('finds nothing where there is nothing', async () => {
    const { verdict, checks, by } = await ask(world.sites[0]!);
    expect(checks.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(verdict).toBe('healthy');
    expect(Object.keys(by)).toEqual([
      'network',
      'tls',
      'clock',
      'server-cert',
      'version',
      'certificate',
      'roster',
      'log',
      'disk',
      'local-policy',
      'approvers',
      'data',
      'contract',
    ]);
    expect(by.contract!.detail).toMatch(/keeps the contract/);
  });

  it('tells a clock that goes wrong, against the coordinator’s', async () => {
    ahead = -600_000;
    const { verdict, reason, next } = await ask(world.sites[1]!);
    expect([verdict, reason, next]).toEqual([
      'broken',
      expect.stringMatching(/^clock: this clock is 10 min behind/),
      expect.stringMatching(/NTP/),
    ]);
  });

  it('tells a certificate that has little left, and one that has ended', async () => {
    ahead = 6 * DAY;
    expect((await ask(world.sites[1]!)).by.certificate).toMatchObject({ status: 'warn' });
    ahead = 8 * DAY;
    expect((await ask(world.sites[1]!)).by.certificate).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/ended 24 h ago/),
    });
    ahead = 0;
  });

  it('names the column that a plan asks for and the table lacks, here and nowhere else', async () => {
    const site = world.sites[0]!;
    const table = readFileSync(site.config.data, 'utf8');
    writeFileSync(site.config.data, table.replace('speed,', 'velocity,'));
    const broken = await ask(site);
    expect([broken.verdict, broken.reason]).toEqual(['broken', expect.stringMatching(/^contract: .*speed/)]);
    expect(broken.next).toMatch(/The platform gets [A-Z_]+, field \d+, and no name/);
    writeFileSync(site.config.data, table);
    expect((await ask(site)).verdict).toBe('healthy');
  });

  it('tells a coordinator that offers another roster than the pinned one', async () => {
    const site = world.sites[2]!;
    const { coordinator } = world;
    const body = coordinator.rosterBody!;
    const { rosterHash: _, ...roster } = parseRoster(body);
    coordinator.rosterBody = encodeRoster({ ...roster, minCohort: 4 } as never);
    const { by } = await ask(site);
    expect(by.roster).toMatchObject({ status: 'fail', detail: expect.stringMatching(/another roster of epoch 1/) });
    coordinator.rosterBody = body;
    expect((await ask(site)).by.roster!.status).toBe('ok');
  });

  it('says what an admin does who has not pinned yet', async () => {
    const late = await world.lateSite();
    const { verdict, by } = await ask(late);
    expect(verdict).toBe('broken');
    expect(by.roster).toMatchObject({ status: 'fail', next: expect.stringMatching(/^Compare .* roster pin/) });
    expect(by.approvers!.status).toBe('fail');
  });

  it('calls nothing ok that a coordinator in trouble did not let it look at', async () => {
    world.coordinator.away = true;
    const { verdict, by } = await ask(world.sites[0]!);
    world.coordinator.away = false;
    expect(verdict).toBe('works-but');
    expect(by.roster).toMatchObject({ status: 'warn', detail: expect.stringMatching(/does not say .*UNAVAILABLE/) });
    expect(by.contract).toMatchObject({ status: 'warn', detail: expect.stringMatching(/^not looked at.*UNAVAILABLE/) });
  }, 30_000);

  it('tells that the coordinator is away, and looks at everything else all the same', async () => {
    await world.coordinator.world.close();
    const { verdict, reason, by } = await ask(world.sites[3]!);
    expect([verdict, reason]).toEqual(['broken', expect.stringMatching(/^network: nothing answers.*ECONNREFUSED/)]);
    expect([by.disk!.status, by.roster!.status, by.clock]).toEqual(['ok', 'ok', undefined]);
  });
});
