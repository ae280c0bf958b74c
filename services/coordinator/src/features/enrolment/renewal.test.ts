import { X509Certificate } from 'node:crypto';
import { generateEd25519, generateP256, newRef, spkiSha256 } from '@sumveil/identity';
import { writtenDigest } from '@sumveil/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EvidenceWorld, openWorld, startTestPostgres, type TestTenant } from '../../signing/testing/world.ts';
import { revokeConnector } from '../tenants/service.ts';
import { renew, returnExpired } from './renewal.ts';
import { revocationCheck } from './revocation.ts';
import { type Holder, holder, renewalOf, returnOf } from './testing/holder.ts';
import { expectRefusal } from './testing/refusals.ts';

let postgres: Awaited<ReturnType<typeof startTestPostgres>>;
let world: EvidenceWorld;
/** One tenant for each story, so that none depends on another. */
let unused: TestTenant[];

const tenant = () => unused.shift()!;

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await openWorld(postgres, 20);
  unused = [...world.tenants];
  await world.signer();
  await world.publishRoster();
  world.startWitnesses();
  const { db, notify } = world.api;
  const inForce = async () => (await db.prisma.roster.count({ where: { effectiveAt: { not: null } } })) || undefined;
  expect(await notify.wait('sumveil_run', inForce, { timeoutMs: 20_000, pollMs: 50 })).toBe(1);
  await world.stopWitnesses();
}, 60_000);

afterAll(async () => {
  await world.close();
  await postgres.stop();
});

const peerOf = (who: Holder, { ref }: TestTenant) => ({ name: who.name, serial: who.serial, tenantRef: ref });
const rowOf = (serial: string) => world.api.db.prisma.certificate.findUniqueOrThrow({ where: { serial } });
const serialOf = (chain: string) => new X509Certificate(chain).serialNumber;

const refusedWith = (...expected: [serial: string, answer: Promise<unknown>, reason: string]) =>
  expectRefusal(world, ...expected);

describe('renewal over mutual TLS (governance 1, rule 9)', () => {
  it('gives a certificate of the new key under the same name, once for each serial', async () => {
    const [who, key] = [tenant(), generateP256()];
    const old = await holder(world, who, { n: 1 });
    const { chain } = await renew(world.api, peerOf(old, who), await renewalOf(old, { key }));
    const issued = new X509Certificate(chain);
    expect(issued.subjectAltName).toBe(`URI:${old.name}`);
    expect(issued.checkPrivateKey(key)).toBe(true);
    expect(await rowOf(old.serial)).toMatchObject({ replacedBy: issued.serialNumber });
    // Lost answer: the same key asks again, with other bytes, and gets the same certificate.
    const again = await renew(world.api, peerOf(old, who), await renewalOf(old, { key }));
    expect(again.chain).toBe(chain);
    await refusedWith(old.serial, renew(world.api, peerOf(old, who), await renewalOf(old)), 'SERIAL');
    const renewed = await world.api.db.prisma.auditDedupe.findMany({
      where: { key: { contains: `["connector.renewed","${issued.serialNumber}"]` } },
    });
    expect(renewed).toHaveLength(1);
  });

  it('gives one certificate to two who ask at the same time with two keys', async () => {
    const who = tenant();
    const old = await holder(world, who, { n: 1 });
    const asked = await Promise.all([renewalOf(old), renewalOf(old)]);
    const answers = await Promise.allSettled(asked.map((one) => renew(world.api, peerOf(old, who), one)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  it('leaves two serials of a name alive, the newest and the one before it', async () => {
    const who = tenant();
    const first = await holder(world, who, { n: 1 });
    const check = revocationCheck(world.api);
    const [keyTwo, keyThree] = [generateP256(), generateP256()];
    const two = await renew(world.api, peerOf(first, who), await renewalOf(first, { key: keyTwo }));
    const second = { ...first, serial: serialOf(two.chain), key: keyTwo };
    const states = async () => {
      const fresh = revocationCheck(world.api);
      return Promise.all([first, second].map((one) => fresh.check(peerOf(one, who))));
    };
    expect(await states()).toEqual(['ok', 'ok']);
    const three = await renew(world.api, peerOf(second, who), await renewalOf(second, { key: keyThree }));
    expect(await states()).toEqual(['revoked', 'ok']);
    expect(await check.check({ ...peerOf(first, who), serial: serialOf(three.chain) })).toBe('ok');
  });

  it('refuses a proof by another key, over another key, over another serial; and a key that is known', async () => {
    const [mine, other] = [tenant(), tenant()];
    const old = await holder(world, mine, { n: 1 });
    const theirs = await holder(world, other, { n: 1 });
    const ask = async (change: Parameters<typeof renewalOf>[1]) =>
      renew(world.api, peerOf(old, mine), await renewalOf(old, change));
    await refusedWith(old.serial, ask({ by: theirs.key }), 'PROOF');
    await refusedWith(old.serial, ask({ over: generateP256() }), 'PROOF');
    await refusedWith(old.serial, ask({ serial: theirs.serial }), 'PROOF');
    await refusedWith(old.serial, ask({ key: theirs.key }), 'CSR');
    await refusedWith(old.serial, ask({ key: old.key }), 'CSR');
    expect(await rowOf(old.serial)).toMatchObject({ replacedBy: null });
    await renew(world.api, peerOf(old, mine), await renewalOf(old));
  });

  it('refuses a revoked connector, also by a serial that was replaced since, and a suspended tenant', async () => {
    const [revoked, suspended, lost] = [tenant(), tenant(), tenant()];
    const key = generateP256();
    const first = await holder(world, revoked, { n: 1 });
    const { chain } = await renew(world.api, peerOf(first, revoked), await renewalOf(first, { key }));
    const current = { ...first, serial: serialOf(chain), key };
    await world.api.db.prisma.revocation.create({
      data: { id: crypto.randomUUID(), scope: 'serial', target: first.serial, reason: 'lost', ticket: 'T-1' },
    });
    await refusedWith(current.serial, renew(world.api, peerOf(current, revoked), await renewalOf(current)), 'REVOKED');
    expect(await revocationCheck(world.api).check(peerOf(current, revoked))).toBe('revoked');

    const out = await holder(world, suspended, { n: 1 });
    await world.api.db.prisma.tenant.update({ where: { ref: suspended.ref }, data: { status: 'suspended' } });
    await refusedWith(out.serial, renew(world.api, peerOf(out, suspended), await renewalOf(out)), 'REVOKED');

    const byKey = await holder(world, lost, { n: 1 });
    const target = writtenDigest(spkiSha256(byKey.key));
    await world.api.db.prisma.revocation.create({
      data: { id: crypto.randomUUID(), scope: 'spki', target, reason: 'lost', ticket: 'T-1' },
    });
    await refusedWith(byKey.serial, renew(world.api, peerOf(byKey, lost), await renewalOf(byKey)), 'REVOKED');
  });

  it('and a revocation that run at the same time leave nobody inside', async () => {
    const who = tenant();
    const old = await holder(world, who, { n: 1 });
    const admin = { userRef: newRef(), tenantRef: who.ref, roles: ['tenant-admin' as const] };
    const request = await renewalOf(old);
    await Promise.allSettled([
      renew(world.api, peerOf(old, who), request),
      revokeConnector(world.api, admin, who.ref, { ticket: 'T-9', reason: 'lost' }),
    ]);
    const rows = await world.api.db.prisma.certificate.findMany({ where: { connectorName: old.name } });
    const check = revocationCheck(world.api);
    for (const { serial } of rows) expect(await check.check({ ...peerOf(old, who), serial })).toBe('revoked');
  });
});

describe('return after expiry by the roster key (governance 1, rule 9; fault F18)', () => {
  it('brings the same tenant back under the same name, and says so in the log', async () => {
    const [who, key] = [tenant(), generateP256()];
    const old = await holder(world, who, { n: 1, endedHoursAgo: 2 });
    const request = await returnOf(who, old, { key });
    const answer = await returnExpired(world.api, request);
    expect(answer).toMatchObject({ tenantRef: who.ref, name: old.name, idx: who.idx, root: world.published.rootPem });
    expect(new X509Certificate(answer.chain).checkPrivateKey(key)).toBe(true);
    const serial = serialOf(answer.chain);
    // A replay gets what everybody may know, and makes nothing new.
    expect((await returnExpired(world.api, request)).chain).toBe(answer.chain);
    await refusedWith(old.serial, returnExpired(world.api, await returnOf(who, old)), 'SERIAL');
    const leaf = await world.api.db.prisma.auditDedupe.findMany({
      where: { key: { contains: `["connector.renewed","${serial}"]` } },
    });
    expect(leaf).toHaveLength(1);
  });

  it('is for certificates that have ended, at most 30 days ago', async () => {
    const [living, old] = [tenant(), tenant()];
    const inTime = await holder(world, living, { n: 1 });
    await refusedWith(inTime.serial, returnExpired(world.api, await returnOf(living, inTime)), 'LIFE');
    const late = await holder(world, old, { n: 1, endedHoursAgo: 30 * 24 + 1 });
    await refusedWith(late.serial, returnExpired(world.api, await returnOf(old, late)), 'LIFE');
  });

  it('refuses a proof by another roster key, over another request, over another serial', async () => {
    const [who, other] = [tenant(), tenant()];
    const old = await holder(world, who, { n: 1, endedHoursAgo: 2 });
    const ask = async (change: Parameters<typeof returnOf>[2]) =>
      returnExpired(world.api, await returnOf(who, old, change));
    await refusedWith(old.serial, ask({ by: other.rosterKey }), 'PROOF');
    await refusedWith(old.serial, ask({ by: who.witnessKey }), 'PROOF');
    await refusedWith(old.serial, ask({ over: generateP256() }), 'PROOF');
    await refusedWith(old.serial, ask({ serial: `4${'0'.repeat(31)}` }), 'PROOF');
  });

  it('refuses a connector whose key the roster in force does not name, a revoked one, and an unknown serial', async () => {
    const [stranger, gone] = [tenant(), tenant()];
    const rosterKey = generateEd25519();
    const keys = { n: 1, endedHoursAgo: 2, rosterKey, witnessKey: generateEd25519() };
    const out = await holder(world, stranger, keys);
    await refusedWith(out.serial, returnExpired(world.api, await returnOf(stranger, out, { by: rosterKey })), 'ROSTER');
    await refusedWith(out.serial, returnExpired(world.api, await returnOf(stranger, out)), 'ROSTER');

    const revoked = await holder(world, gone, { n: 1, endedHoursAgo: 2 });
    const operator = { userRef: newRef(), tenantRef: 'platform', roles: ['platform-operator' as const] };
    await revokeConnector(world.api, operator, gone.ref, { ticket: 'T-2', reason: 'stolen' });
    await refusedWith(revoked.serial, returnExpired(world.api, await returnOf(gone, revoked)), 'REVOKED');

    const nobody = { ...revoked, serial: `7${'F'.repeat(31)}` };
    await refusedWith(nobody.serial, returnExpired(world.api, await returnOf(gone, nobody)), 'SERIAL');
  });
});

describe('rows of replaced certificates', () => {
  it('say once what replaced a serial, and only a certificate of the same connector', async () => {
    const [a, b] = [world.tenants[0]!, world.tenants[1]!];
    const [one, two, foreign] = [
      await holder(world, a, { n: 1 }),
      await holder(world, a, { n: 1 }),
      await holder(world, b, { n: 1 }),
    ];
    const { prisma } = world.api.db;
    const set = (serial: string, replacedBy: string | null) =>
      prisma.certificate.update({ where: { serial }, data: { replacedBy } });
    await expect(set(one.serial, foreign.serial)).rejects.toThrow(/another connector/);
    await expect(set(one.serial, one.serial)).rejects.toThrow(/another connector/);
    await set(one.serial, two.serial);
    await expect(set(one.serial, null)).rejects.toThrow(/replaced already/);
  });
});
