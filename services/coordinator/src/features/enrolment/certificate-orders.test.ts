import { X509Certificate } from 'node:crypto';
import { generateP256, spkiDer } from '@sumveil/identity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../db/client.ts';
import { certificateOrderBytes, subjectOfSerial } from '../../signing/certificate-order.ts';
import { askSigner } from '../../signing/testing/ask.ts';
import { type EvidenceWorld, openWorld, startTestPostgres, type TestTenant } from '../../signing/testing/world.ts';
import { renew } from './renewal.ts';
import { revocationCheck } from './revocation.ts';
import { type Holder, holder, renewalOf } from './testing/holder.ts';
import { expectRefusal } from './testing/refusals.ts';

let postgres: Awaited<ReturnType<typeof startTestPostgres>>;
let world: EvidenceWorld;
/** One tenant for each story, so that none depends on another. */
let unused: TestTenant[];

const tenant = () => unused.shift()!;

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await openWorld(postgres, 12);
  unused = [...world.tenants];
  await world.signer();
}, 60_000);

afterAll(async () => {
  await world.close();
  await postgres.stop();
});

const peerOf = (who: Holder, { ref }: TestTenant) => ({ name: who.name, serial: who.serial, tenantRef: ref });
const rowOf = (serial: string) => world.api.db.prisma.certificate.findUniqueOrThrow({ where: { serial } });
const refusedWith = (...expected: [serial: string, answer: Promise<unknown>, reason: string]) =>
  expectRefusal(world, ...expected);

describe('an order that the signer refuses', () => {
  const renewBy = async (old: Holder, who: TestTenant, key: Holder['key']) =>
    renew(world.api, peerOf(old, who), await renewalOf(old, { key }));
  const suspend = (who: TestTenant, status: 'suspended' | 'active') =>
    world.api.db.prisma.tenant.update({ where: { ref: who.ref }, data: { status } });

  it('uses no serial up: what it was refused for may pass, and the same key or another one is certified', async () => {
    for (const isSameKey of [true, false]) {
      const [who, key] = [tenant(), generateP256()];
      const old = await holder(world, who, { n: 1 });
      // Ordered while the tenant was in good standing; judged after it was suspended.
      const { csr, proof } = await renewalOf(old, { key });
      await suspend(who, 'suspended');
      const by = { kind: 'tls-key' as const, serial: old.serial, proof };
      const body = certificateOrderBytes({ name: old.name, csr, lifeSeconds: 3_600, by });
      const asked = askSigner(world, 'certificate', subjectOfSerial(old.serial), body);
      expect(await asked).toEqual({ refused: 'REVOKED' });
      await refusedWith(old.serial, renewBy(old, who, key), 'REVOKED');
      await suspend(who, 'active');
      const next = isSameKey ? key : generateP256();
      const { chain } = await renewBy(old, who, next);
      expect(new X509Certificate(chain).checkPrivateKey(next)).toBe(true);
      expect((await renewBy(old, who, next)).chain).toBe(chain);
      await refusedWith(old.serial, renewBy(old, who, generateP256()), 'SERIAL');
      const orders = await world.api.db.prisma.signRequest.findMany({
        where: { subject: { startsWith: `serial:${old.serial}` } },
        include: { signature: true },
        orderBy: { id: 'asc' },
      });
      expect(orders.map(({ subject, signature }) => [subject, signature?.error, signature?.replaces])).toEqual([
        [`serial:${old.serial}`, 'REVOKED', null],
        [`serial:${old.serial}/2`, null, old.serial],
      ]);
    }
  });
});

describe('the signer, whatever the api asks of it', () => {
  interface Order {
    readonly name?: string;
    readonly kind?: 'tls-key' | 'roster-key';
    readonly key?: Holder['key'];
    readonly subject?: string;
  }

  async function orderFor(old: Holder, o: Order = {}): Promise<Buffer> {
    const { csr, proof } = await renewalOf(old, o.key ? { by: o.key } : {});
    const by = { kind: o.kind ?? ('tls-key' as const), serial: old.serial, proof };
    return certificateOrderBytes({ name: o.name ?? old.name, csr, lifeSeconds: 3_600, by });
  }
  const ask = async (old: Holder, o: Order = {}) =>
    askSigner(world, 'certificate', o.subject ?? subjectOfSerial(old.serial), await orderFor(old, o));

  it('signs one successor of a serial, under whatever subjects it is asked, also at the same time', async () => {
    const who = tenant();
    const [one, many] = [await holder(world, who, { n: 1 }), await holder(world, who, { n: 1 })];
    expect(await ask(one, {})).toHaveProperty('result');
    expect(await ask(one, { subject: subjectOfSerial(one.serial, 2) })).toEqual({ refused: 'SERIAL' });
    for (const subject of [`${subjectOfSerial(one.serial)}/1`, `${subjectOfSerial(one.serial)}/02`, 'serial:x'])
      expect(await ask(one, { subject })).toEqual({ refused: 'UNKNOWN_SUBJECT' });
    const numbers = [1, 2, 3, 4, 5, 6];
    const answers = await Promise.all(numbers.map((n) => ask(many, { subject: subjectOfSerial(many.serial, n) })));
    expect(answers.filter((answer) => 'result' in answer)).toHaveLength(1);
    const rows = world.api.db.prisma.signature.count({ where: { replaces: many.serial } });
    expect(await rows).toBe(1);
  });

  it('goes by when it was ordered, which only the database says', async () => {
    const who = tenant();
    const old = await holder(world, who, { n: 1, endedHoursAgo: 2 });
    const body = Uint8Array.from(await orderFor(old));
    await expect(
      world.api.db.prisma.$executeRaw`
        INSERT INTO sign_request (kind, subject, body, created_at)
        VALUES ('certificate', ${subjectOfSerial(old.serial)}, ${body}, now() - interval '150 minutes')`,
    ).rejects.toThrow(/permission denied/);
    expect(await ask(old)).toEqual({ refused: 'LIFE' });
    // The signer was away for more than a day: what was ordered in time is signed.
    const late = await holder(world, who, { n: 1, endedHoursAgo: 30 });
    const [subject, lateBody] = [subjectOfSerial(late.serial), Uint8Array.from(await orderFor(late))];
    const owner = openDatabase(world.urls.owner);
    await owner.prisma.$executeRaw`ALTER TABLE sign_request DISABLE TRIGGER sign_request_by_role`;
    await owner.prisma.$executeRaw`
      INSERT INTO sign_request (kind, subject, body, created_at)
      VALUES ('certificate', ${subject}, ${lateBody}, now() - interval '1815 minutes')`;
    await owner.prisma.$executeRaw`ALTER TABLE sign_request ENABLE TRIGGER sign_request_by_role`;
    await owner.close();
    expect(await world.api.sign.awaitSignature('certificate', subject)).toBeInstanceOf(Buffer);
  });

  it('signs no renewal that the old key has not signed, for no other name, and none by a certificate made up', async () => {
    const [who, other] = [tenant(), tenant()];
    expect(await ask(await holder(world, who, { n: 1 }), { key: generateP256() })).toEqual({ refused: 'PROOF' });
    const theirs = await holder(world, other, { n: 1 });
    const mine = await holder(world, who, { n: 1 });
    expect(await ask(mine, { name: theirs.name })).toEqual({ refused: 'SERIAL' });
    const made = await holder(world, who, { n: 1 });
    // The api can write a row, but not the signature of the CA below another key.
    const forged = (await rowOf(theirs.serial)).chainPem;
    await world.api.db.prisma.certificate.create({
      data: {
        ...(await rowOf(made.serial)),
        serial: `4${'A'.repeat(31)}`,
        spkiHash: Uint8Array.from(Buffer.from(spkiDer(generateP256()))),
        chainPem: forged,
      },
    });
    expect(await ask({ ...made, serial: `4${'A'.repeat(31)}` }, {})).toEqual({ refused: 'SERIAL' });
  });

  it('signs no return of a certificate that lives, or of one that ended too long ago', async () => {
    const who = tenant();
    const living = await holder(world, who, { n: 1 });
    expect(await ask(living, { kind: 'roster-key' })).toEqual({ refused: 'LIFE' });
    const old = await holder(world, who, { n: 1, endedHoursAgo: 25 });
    expect(await ask(old, {})).toEqual({ refused: 'LIFE' });
  });
});

describe('what the connector listener goes by', () => {
  it('tells a serial in no row from a revoked one, and says so of neither when it cannot read', async () => {
    const [who, other] = [tenant(), tenant()];
    const old = await holder(world, who, { n: 1 });
    let away = false;
    const prisma = new Proxy(world.api.db.prisma, {
      get(target, name) {
        if (away) throw new Error('the database is away');
        return Reflect.get(target, name);
      },
    });
    const { check } = revocationCheck({ ...world.api, db: { ...world.api.db, prisma } });
    expect(await check(peerOf(old, who))).toBe('ok');
    const stranger = { ...peerOf(old, who), serial: `4${'B'.repeat(31)}` };
    expect(await check(stranger)).toBe('stranger');
    const fresh = await holder(world, who, { n: 1 });
    away = true;
    expect(await check(peerOf(fresh, who))).toBe('unknown');
    expect(await check(peerOf(old, who))).toBe('ok');
    away = false;
    expect(await check(peerOf(fresh, who))).toBe('ok');

    const gone = await holder(world, other, { n: 1 });
    const data = { id: crypto.randomUUID(), scope: 'serial', reason: 'lost', ticket: 'T-3' };
    await world.api.db.prisma.revocation.create({ data: { ...data, target: gone.serial } });
    expect(await revocationCheck(world.api).check({ ...peerOf(gone, other), serial: stranger.serial })).toBe('revoked');
    // Revoked, and no longer in any row.
    await world.api.db.prisma.revocation.create({
      data: { ...data, id: crypto.randomUUID(), target: stranger.serial },
    });
    expect(await revocationCheck(world.api).check(stranger)).toBe('revoked');
  });
});
