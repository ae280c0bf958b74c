import { createLogger } from '@sumveil/telemetry';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DatabaseUrls, startTestPostgres, type TestPostgres } from '../../../../tests/constellation/postgres.ts';
import { type Database, databaseNow, openDatabase } from './client.ts';
import { channels, type Notifications, notify, openNotifications } from './notify.ts';

const logger = createLogger({ process: 'api', stream: { write: () => {} } });
const { task } = channels;

let postgres: TestPostgres;
let urls: DatabaseUrls;
let db: Database;
let superuser: Database;

beforeAll(async () => {
  postgres = await startTestPostgres();
  urls = await postgres.fresh();
  db = openDatabase(urls.api, { applicationName: 'under-test' });
  superuser = openDatabase(urls.superuser);
});

afterAll(async () => {
  await Promise.all([db.close(), superuser.close()]);
  await postgres.stop();
});

const terminate = (application: string) =>
  superuser.prisma
    .$queryRaw`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ${application}`;
const ledger = (ref: string) => ({ data: { ledgerRef: ref, capMicro: 1n } });

describe('transactions', () => {
  it('run with the timeouts of governance 9', async () => {
    const [row] = await db.prisma.$queryRaw<Record<string, string>[]>`
      SELECT current_setting('statement_timeout') AS s, current_setting('lock_timeout') AS l,
             current_setting('idle_in_transaction_session_timeout') AS i`;
    expect(row).toEqual({ s: '15s', l: '2s', i: '30s' });
  });

  it('commit whole or not at all', async () => {
    const failed = db.transaction(async (tx) => {
      await tx.privacyLedger.create(ledger('rolled back'));
      throw new Error('later');
    });
    await expect(failed).rejects.toThrow('later');
    expect(await db.prisma.privacyLedger.count({ where: { ledgerRef: 'rolled back' } })).toBe(0);
  });

  it('are run again after a deadlock', async () => {
    await db.prisma.privacyLedger.createMany({ data: [ledger('a').data, ledger('b').data] });
    let runs = 0;
    const meet = Promise.withResolvers<void>();
    const both = async (first: string, second: string) => {
      await db.transaction(async (tx) => {
        runs += 1;
        await tx.$executeRaw`UPDATE privacy_ledger SET total_micro = 0 WHERE ledger_ref = ${first}`;
        if (runs >= 2) meet.resolve();
        await meet.promise;
        await tx.$executeRaw`UPDATE privacy_ledger SET total_micro = 1 WHERE ledger_ref = ${second}`;
      });
    };
    await Promise.all([both('a', 'b'), both('b', 'a')]);
    expect(runs).toBeGreaterThanOrEqual(3);
  });

  it('report a lost connection as DATABASE with a time to come back, and recover (F8)', async () => {
    const lost = db.transaction(async (tx) => {
      await tx.privacyLedger.create(ledger('lost'));
      await terminate('under-test');
      await tx.privacyLedger.create(ledger('after'));
    });
    await expect(lost).rejects.toMatchObject({ code: 'DATABASE', retryAfterSeconds: expect.any(Number) });
    expect(await superuser.prisma.privacyLedger.count({ where: { ledgerRef: 'lost' } })).toBe(0);
    await expect
      .poll(() =>
        db.ping().then(
          () => 'up',
          () => 'down',
        ),
      )
      .toBe('up');
  });

  it('outlive the end of their server at any moment of a connection’s life (F8)', async () => {
    const other = openDatabase(urls.api, { applicationName: 'ended-often', poolSize: 4 });
    const outcomes = { done: 0, failed: 0 };
    for (let i = 0; i < 20; i += 1) {
      const work = Array.from({ length: 8 }, (_, n) =>
        n % 2 === 0 ? other.transaction((tx) => databaseNow(tx), { attempts: 1 }) : databaseNow(other.prisma),
      );
      const settled = Promise.allSettled(work);
      await terminate('ended-often');
      for (const { status } of await settled) outcomes[status === 'fulfilled' ? 'done' : 'failed'] += 1;
    }
    // An error that nobody listens to would have ended this process.
    expect(outcomes.done + outcomes.failed).toBe(160);
    await other.close();
  });

  it('report a server that is not there as DATABASE', async () => {
    const nowhere = openDatabase('postgres://api:x@localhost/db?host=/nowhere');
    await expect(nowhere.ping()).rejects.toMatchObject({ code: 'DATABASE' });
    await expect(nowhere.transaction((tx) => databaseNow(tx))).rejects.toMatchObject({ code: 'DATABASE' });
    await nowhere.close();
  });
});

describe('notifications', () => {
  let notifications: Notifications;

  beforeAll(async () => {
    notifications = await openNotifications(urls.api, { logger });
  });
  afterAll(() => notifications.close());

  const slow = { timeoutMs: 10_000, pollMs: 10_000 };
  const after = (what: () => boolean) => async () => (what() ? true : undefined);

  it('wake a waiter when the transaction commits, not before and not by the poll', async () => {
    let there = false;
    const waiting = notifications.wait(
      task,
      after(() => there),
      slow,
    );
    await db.transaction(async (tx) => {
      await notify(tx, task, 'x');
      there = true;
    });
    expect(await waiting).toBe(true);
  });

  it('end a wait at its time, at the abort, and at once when the answer is there', async () => {
    const never = async () => undefined;
    expect(await notifications.wait(task, never, { timeoutMs: 20 })).toBeUndefined();
    expect(await notifications.wait(task, never, { ...slow, signal: AbortSignal.timeout(20) })).toBeUndefined();
    expect(await notifications.wait(task, async () => 7, slow)).toBe(7);
  });

  it('are not needed: a change nobody told of is found by the poll', async () => {
    let there = false;
    const waiting = notifications.wait(
      task,
      after(() => there),
      { timeoutMs: 10_000, pollMs: 20 },
    );
    there = true;
    expect(await waiting).toBe(true);
  });

  it('leave those alone whom they are not for', async () => {
    let looks = 0;
    const look = async () => {
      looks += 1;
      return undefined;
    };
    const ended = new AbortController();
    const waiting = notifications.wait(task, look, {
      ...slow,
      matches: (payload) => payload === 'mine',
      signal: ended.signal,
    });
    const seen = new Promise<void>((resolve) => {
      const off = notifications.on(task, () => {
        off();
        resolve();
      });
    });
    await db.transaction((tx) => notify(tx, task, 'another'));
    await seen;
    ended.abort();
    await waiting;
    expect(looks).toBe(1);
  });

  it('come again after the connection was lost, and tell everybody to look', async () => {
    const told = new Promise<string>((resolve) => {
      const off = notifications.on(task, (payload) => {
        off();
        resolve(payload);
      });
    });
    await terminate('sumveil-listen');
    expect(await told).toBe('');
    let there = false;
    const waiting = notifications.wait(
      task,
      after(() => there),
      slow,
    );
    there = true;
    await db.transaction((tx) => notify(tx, task, 'again'));
    expect(await waiting).toBe(true);
  });
});
