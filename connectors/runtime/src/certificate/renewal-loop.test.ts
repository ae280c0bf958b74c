import { spkiDer } from '@sumveil/identity';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Status } from '../control/answers.ts';
import { Constellation, eventually, type TestSite } from '../testing/constellation.ts';
import type { TlsWorld } from '../testing/tls-world.ts';
import { backOff, dueAt } from './renewal-loop.ts';
import { firstTlsKey, newestTlsPair, nextTlsKey, readTlsPairs, storeFirstChain } from './tls-files.ts';

const DAY = 86_400_000;
/** Not due again for a connector whose clock is three days ahead. */
const long = { lifeSeconds: 30 * 86_400 };
const timings = { renewAgain: 50 };
let world: Constellation;
let site: TestSite;

let used = 0;

beforeAll(async () => {
  world = await new Constellation().start(5);
});
afterAll(() => world.stop());

/** A tenant of its own for each story. */
beforeEach(async () => {
  authority({ lifeSeconds: 7 * 86_400, madeBefore: 0, answer: 'chain' });
  site = world.sites[used++] ?? (await world.lateSite());
});
afterEach(() => site.connector!.stop());

const issued = () => world.coordinator.world.issued.filter(({ idx }) => idx === site.idx);
/** How certificates are given out from now on. */
const authority = (change: Partial<TlsWorld['authority']>) => Object.assign(world.coordinator.world.authority, change);
const serialOnDisk = () => newestTlsPair(site.config.stateDir).certificate.serialNumber;
const status = async () => (await site.ask('GET', '/v1/status')).body as Status;

/** The same connector on the same folder, by a clock that is ahead. */
async function restart(aheadMs = 0): Promise<void> {
  await site.connector!.stop();
  site.config.timings = { ...site.config.timings, ...timings };
  await site.start(() => Date.now() + aheadMs);
}

/** The last certificate that was given out is the only one on disk, and so was used with success. */
async function renewedTo(count: number): Promise<void> {
  await eventually(() => {
    expect(issued()).toHaveLength(count);
    expect(readTlsPairs(site.config.stateDir)).toHaveLength(1);
    expect(serialOnDisk()).toBe(issued().at(-1)!.serial);
  });
}

/** The connector was off for a while, and its certificate is as old as that. */
async function sleep(o: { lifeSeconds: number; madeBefore: number }): Promise<void> {
  await site.connector!.stop();
  authority(o);
  const { stateDir } = site.config;
  storeFirstChain(stateDir, await world.coordinator.world.certify(site.idx, firstTlsKey(stateDir)));
  authority({ lifeSeconds: 7 * 86_400, madeBefore: 0 });
}

describe('renewal of a connector’s certificate', () => {
  it('happens in mid-round without a restart, and the round goes on with everybody', async () => {
    const { coordinator, sites } = world;
    await sleep({ lifeSeconds: 7 * 86_400, madeBefore: 3 * 86_400 });
    authority({ answer: 'refused' });
    await restart();
    const renewed = Promise.withResolvers<void>();
    coordinator.onBytes = (idx) => (idx === sites[1]!.idx ? renewed.promise : Promise.resolve());
    await world.grant();
    const sent = world.message('m0', site.idx);
    const attempt = await coordinator.openRound(1);
    await sent;
    authority({ answer: 'chain' });
    await renewedTo(3);
    renewed.resolve();
    await coordinator.released(attempt);
    expect(attempt.got.m4.size).toBe(5);
    expect(issued().at(-1)).toMatchObject({ via: 'mtls', replaces: issued()[1]!.serial });
    expect(await status()).toMatchObject({ certificateSerial: issued()[2]!.serial });
  });

  it('asks with the same key when the answer was lost, also after a restart', async () => {
    authority({ answer: 'lost', ...long });
    await restart(3 * DAY);
    await eventually(() => expect(issued().length).toBeGreaterThan(1));
    await restart(3 * DAY);
    authority({ answer: 'chain' });
    await eventually(() => expect(readTlsPairs(site.config.stateDir)).toHaveLength(1));
    await eventually(() => expect(serialOnDisk()).toBe(issued().at(-1)!.serial));
    const keys = issued().slice(1);
    expect(keys.every(({ key }) => key.equals(keys[0]!.key))).toBe(true);
  });

  it('goes on with the old certificate while it is refused, and says so', async () => {
    authority({ answer: 'refused' });
    await restart(3 * DAY);
    await eventually(async () => expect((await status()).warnings.join()).toMatch(/new join string is needed/));
    expect(issued()).toHaveLength(1);
    authority({ answer: 'chain', ...long });
    await renewedTo(2);
    await eventually(async () => expect((await status()).warnings).toEqual([]));
  });
});

describe('return after expiry', () => {
  const sleepPastTheEnd = () => sleep({ lifeSeconds: 60, madeBefore: 7_200 });

  it('brings the connector back by its roster key, with nobody’s help', async () => {
    await sleepPastTheEnd();
    await restart();
    await renewedTo(3);
    expect(issued().at(-1)).toMatchObject({ via: 'roster-key', replaces: issued()[1]!.serial });
    await eventually(async () => expect((await status()).coordinator.reachable).toBe(true));
  });

  it('says what to set when the enrolment listener is not known', async () => {
    await sleepPastTheEnd();
    site.config.enrolUrl = undefined;
    await restart();
    await eventually(async () => expect((await status()).warnings.join()).toMatch(/SUMVEIL_CONNECTOR_ENROL_URL/));
    expect(issued()).toHaveLength(2);
  });

  it('says that a new join string is needed when it is refused', async () => {
    await sleepPastTheEnd();
    authority({ answer: 'refused' });
    await restart();
    await eventually(async () => expect((await status()).warnings.join()).toMatch(/new join string is needed/));
  });
});

describe('a coordinator that does not know the newest certificate', () => {
  it('is talked to with the one before, and asked again', async () => {
    authority({ answer: 'forgotten', ...long });
    await restart(3 * DAY);
    await eventually(() => expect(world.coordinator.world.forgotten.size).toBeGreaterThan(1));
    const key = spkiDer(nextTlsKey(site.config.stateDir));
    authority({ answer: 'chain' });
    await renewedTo(2);
    // The serial may have been ordered for with this key, and then no other one is certified.
    expect(spkiDer(issued()[1]!.key).equals(key)).toBe(true);
    expect(issued()[1]).toMatchObject({ via: 'mtls', replaces: issued()[0]!.serial });
  });
});

describe('when it is due', () => {
  it('from a third of the life on, not all at once', () => {
    const { certificate } = newestTlsPair(site.config.stateDir);
    const pair = newestTlsPair(site.config.stateDir);
    const [from, to] = [dueAt(pair, 0), dueAt(pair, 1)];
    const life = 7 * DAY;
    const made = certificate.validToDate.getTime() - life;
    expect([Math.round((from - made) / DAY), Math.round((to - made) / DAY)]).toEqual([2, 3]);
    expect(dueAt(pair)).toBeLessThan(to);
  });

  it('again after a pause that grows, and never so long that the certificate could end over it', () => {
    const pair = newestTlsPair(site.config.stateDir);
    const ends = pair.certificate.validToDate.getTime();
    expect(backOff(pair, 1_000, 0, ends - DAY)).toBeLessThanOrEqual(1_000);
    expect(backOff(pair, 1_000, 30, ends - 80_000)).toBeLessThanOrEqual(10_000);
    expect(backOff(pair, 1_000, 30, ends + DAY)).toBeLessThanOrEqual(3_600_000);
    expect(backOff(pair, 1_000, 10, ends - 6 * DAY)).toBeGreaterThan(100_000);
  });
});
