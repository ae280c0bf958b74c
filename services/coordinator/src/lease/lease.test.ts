import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestPostgres, type TestPostgres } from '../../../../tests/constellation/postgres.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { defaultTimings } from '../timings.ts';
import { acquireLease, releaseLease, renewLease, requireLease, withLease } from './lease.ts';

let postgres: TestPostgres;
let db: Database;

beforeAll(async () => {
  postgres = await startTestPostgres();
  db = openDatabase((await postgres.fresh()).worker);
});

afterAll(async () => {
  await db.close();
  await postgres.stop();
});

const ttlMs = 15_000;
const expire = (resource: string) =>
  db.prisma.$executeRaw`UPDATE lease SET until = now() - interval '1 second' WHERE resource = ${resource}`;

it('is held by one at a time and raises the epoch with each holder', async () => {
  const resource = 'run:one';
  expect(await acquireLease(db, { resource, holder: 'a', ttlMs })).toBe(1n);
  expect(await acquireLease(db, { resource, holder: 'b', ttlMs })).toBeUndefined();
  await releaseLease(db, { resource, holder: 'a', epoch: 1n });
  expect(await acquireLease(db, { resource, holder: 'b', ttlMs })).toBe(2n);
});

it('lets exactly one of many concurrent takers in', async () => {
  const takers = Array.from({ length: 20 }, (_, n) =>
    acquireLease(db, { resource: 'run:many', holder: `h${n}`, ttlMs }),
  );
  expect((await Promise.all(takers)).filter((epoch) => epoch !== undefined)).toEqual([1n]);
});

it('fences a writer whose lease another has taken: nothing of it is written (I6)', async () => {
  const old = { resource: 'run:slept', holder: 'a', epoch: 1n };
  await acquireLease(db, { resource: old.resource, holder: 'a', ttlMs });
  await expire(old.resource);
  await acquireLease(db, { resource: old.resource, holder: 'b', ttlMs });
  const late = db.transaction(async (tx) => {
    await tx.privacyLedger.create({ data: { ledgerRef: 'late', capMicro: 1n } });
    await requireLease(tx, old);
  });
  await expect(late).rejects.toMatchObject({ code: 'FENCED' });
  expect(await db.prisma.privacyLedger.count({ where: { ledgerRef: 'late' } })).toBe(0);
  expect(await renewLease(db, old, ttlMs)).toBe(false);
});

it('cannot be taken between the check and the commit of its holder', async () => {
  const resource = 'run:commit';
  const lease = { resource, holder: 'a', epoch: 1n };
  await acquireLease(db, { resource, holder: 'a', ttlMs });
  let taken: Promise<bigint | undefined> | undefined;
  const order: string[] = [];
  await db.transaction(async (tx) => {
    await requireLease(tx, lease);
    // Expired for everybody else from here on; the row is still share-locked by this transaction.
    taken = acquireLease(db, { resource, holder: 'b', ttlMs: 1 }).finally(() => order.push('taken'));
    await tx.$executeRaw`SELECT pg_sleep(0.2)`;
    order.push('committing');
  });
  await taken;
  expect(order).toEqual(['committing', 'taken']);
});

it('renews while work runs, and tells the work when it is lost', async () => {
  const resource = 'run:work';
  const lost = withLease(db, { resource, timings: { lease: 200, leaseRenew: 50 } }, async (lease) => {
    await expect(withLease(db, { resource, timings: defaultTimings }, async () => {})).rejects.toMatchObject({
      code: 'LEASE_BUSY',
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(lease.signal.aborted).toBe(false);
    await db.prisma.$executeRaw`UPDATE lease SET holder = 'thief', epoch = epoch + 1 WHERE resource = ${resource}`;
    await new Promise((resolve) => lease.signal.addEventListener('abort', resolve));
    await db.transaction((tx) => requireLease(tx, lease));
  });
  await expect(lost).rejects.toMatchObject({ code: 'FENCED' });
});

it('is renewed although its holder’s transactions never leave a gap', async () => {
  const lease = { resource: 'run:busy', holder: 'a', epoch: 1n };
  await acquireLease(db, { resource: lease.resource, holder: 'a', ttlMs });
  const done = new AbortController();
  const holdAgain = async () => {
    while (!done.signal.aborted) {
      await db.transaction(async (tx) => {
        await requireLease(tx, lease);
        await tx.$executeRaw`SELECT pg_sleep(0.15)`;
      });
    }
  };
  const started = performance.now();
  const busy = Array.from({ length: 4 }, (_, i) => db.prisma.$executeRaw`SELECT pg_sleep(${i * 0.04})`.then(holdAgain));
  await db.prisma.$executeRaw`SELECT pg_sleep(0.2)`;
  const renewed = await renewLease(db, lease, ttlMs);
  const took = performance.now() - started;
  done.abort();
  await Promise.all(busy);
  expect(renewed).toBe(true);
  expect(took).toBeLessThan(1_000);
});
