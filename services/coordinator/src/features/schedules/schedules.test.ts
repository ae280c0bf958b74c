import { newRef } from '@sumveil/identity';
import { dedupeKey, parseLeaf } from '@sumveil/transparency';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestPostgres, type TestPostgres } from '../../../../../tests/constellation/postgres.ts';
import { type ApprovedWorld, submitToyPlan } from '../../signing/testing/approved-run.ts';
import { type EvidenceWorld, openWorld } from '../../signing/testing/world.ts';
import { changeSchedule } from './change.ts';
import { createSchedule } from './create.ts';
import { occur } from './occur.ts';
import { listSchedules, showSchedule } from './view.ts';

/** 02:00 on every day of a year in Berlin; tests set the row to the minute, the pattern of every minute makes moments. */
const everyMinute = { cron: '* * * * *', zone: 'Europe/Berlin', windowMinutes: 5, ticket: 'CHG-1' };

let postgres: TestPostgres;
let world: EvidenceWorld;
let approved: ApprovedWorld;
let owner: pg.Client;

beforeAll(async () => {
  postgres = await startTestPostgres();
  world = await openWorld(postgres);
  owner = new pg.Client({ connectionString: world.urls.owner });
  await owner.connect();
  approved = await submitToyPlan(world);
  const { userRef } = approved.operator;
  await owner.query(`INSERT INTO app_user (ref, iss, sub) VALUES ($1, 'i', $1)`, [userRef]);
  await bindOperator();
});

afterAll(async () => {
  await owner?.end();
  await world?.close();
  await postgres?.stop();
});

beforeEach(async () => {
  await owner.query('DELETE FROM schedule_occurrence');
  await owner.query('DELETE FROM schedule');
  await owner.query(`UPDATE run SET state = 'completed'`);
});

const bindOperator = () =>
  owner.query(`INSERT INTO role_binding VALUES ($1, 'platform-operator', 'platform') ON CONFLICT DO NOTHING`, [
    approved.operator.userRef,
  ]);
const create = (change: object = {}) =>
  createSchedule(world.api, approved.operator, { planDigest: approved.planDigest, ...everyMinute, ...change });
/** As if the last look at the schedule had been just before the minute that began `minutes` ago. */
const overdue = (id: string, minutes: number) =>
  owner.query(
    `UPDATE schedule SET next_at = date_trunc('minute', clock_timestamp()) - make_interval(mins => $2) WHERE id = $1`,
    [id, minutes],
  );
const shown = (id: string) => showSchedule(world.api.db.prisma, approved.operator, id);
const leaves = async (type: string, id: string) => {
  const { rows } = await owner.query('SELECT leaf, key FROM audit_pending ORDER BY id');
  return rows
    .map(({ leaf, key }) => ({ ...parseLeaf(leaf), key }) as Record<string, unknown> & { key: string })
    .filter((leaf) => leaf.type === type && leaf.scheduleId === id);
};
const pinRoster = async () => {
  await world.publishRoster();
  await owner.query('UPDATE roster SET effective_at = now()');
};
const everybodyGrants = async () => {
  for (const tenant of world.tenants)
    for (const approver of approved.approversOf.get(tenant.ref)!) await approved.say(tenant, approver, 'granted');
};

describe('making a schedule', () => {
  it('keeps it with its next moment and the leaf of who asked', async () => {
    const { id } = await create({ cron: ' 0  2 * * 1-5 ', endsAt: '2099-01-01T00:00:00.000Z' });
    const { schedule, occurrences } = await shown(id);
    expect(schedule).toMatchObject({ cron: '0 2 * * 1-5', state: 'active', last: null, heldBy: null });
    expect(
      new Intl.DateTimeFormat('de', { timeStyle: 'short', timeZone: 'Europe/Berlin' }).format(
        new Date(schedule.nextAt!),
      ),
    ).toBe('02:00');
    expect(occurrences).toEqual([]);
    const [leaf] = await leaves('schedule.created', id);
    expect(leaf).toMatchObject({ actor: { ref: approved.operator.userRef }, cron: '0 2 * * 1-5', windowMinutes: 5 });
    expect(dedupeKey(leaf as never)).toBe(leaf!.key);
  });

  it('lists every fault and keeps nothing', async () => {
    const made = create({ cron: '61 25 * * *', zone: 'Nowhere/Here' });
    await expect(made).rejects.toMatchObject({ code: 'BAD_REQUEST', faults: { length: 3 } });
    expect(await listSchedules(world.api.db.prisma, approved.operator)).toEqual([]);
  });

  it('shows a tenant’s people those of plans they are in, and nothing of others', async () => {
    const { id } = await create();
    const insider = { userRef: newRef(), tenantRef: world.tenants[0]!.ref, roles: ['data-steward' as const] };
    const outsider = { ...insider, tenantRef: newRef() };
    const { prisma } = world.api.db;
    expect(await listSchedules(prisma, insider)).toHaveLength(1);
    expect(await listSchedules(prisma, outsider)).toEqual([]);
    await expect(showSchedule(prisma, outsider, id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a moment that comes', () => {
  it('waits while no roster is in force, and is told when its window is over', async () => {
    const { id } = await create();
    await overdue(id, 0);
    expect(await occur(world.worker, id)).toEqual([]);
    expect((await shown(id)).schedule).toMatchObject({ heldBy: 'no-roster', state: 'active' });
    await overdue(id, 7);
    await pinRoster();
    const told = await occur(world.worker, id);
    expect(told.map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ['missed', 'no-roster'],
      ['missed', 'late'],
      ['denied', 'policy'],
    ]);
    expect((await leaves('schedule.missed', id)).map(({ code, count }) => [code, count])).toEqual([
      ['no-roster', 1],
      ['late', 6],
    ]);
  });

  it('is nothing before its time', async () => {
    const { id } = await create({ cron: '0 0 1 1 *' });
    expect(await occur(world.worker, id)).toEqual([]);
    expect((await shown(id)).occurrences).toEqual([]);
  });

  it('is denied like any run without approvals: decision, row and leaf, and no run', async () => {
    const { id } = await create();
    await overdue(id, 0);
    expect(await occur(world.worker, id)).toMatchObject([{ outcome: 'denied', reason: 'policy' }]);
    const { schedule, occurrences } = await shown(id);
    expect(occurrences).toMatchObject([{ outcome: 'denied', reason: 'policy', runId: null, count: 1 }]);
    expect(new Date(schedule.nextAt!).getTime()).toBeGreaterThan(Date.now());
    const { rows } = await owner.query('SELECT action, effect FROM policy_decision WHERE id = $1', [
      occurrences[0]!.decisionId,
    ]);
    expect(rows).toEqual([{ action: 'startRun', effect: 'deny' }]);
    expect(await leaves('schedule.occurred', id)).toMatchObject([{ outcome: 'denied', code: 'policy' }]);
  });

  it('starts one run, however many workers and repeats there are, and says so in the run’s first leaf', async () => {
    await everybodyGrants();
    const { id } = await create();
    await overdue(id, 0);
    const told = await Promise.all(Array.from({ length: 6 }, () => occur(world.worker, id)));
    expect(told.flat()).toEqual([{ outcome: 'started', reason: null, count: 1 }]);
    const [only, ...more] = (await shown(id)).occurrences;
    expect(more).toEqual([]);
    const { rows } = await owner.query(`SELECT id, requester_ref FROM run WHERE state = 'granting'`);
    expect(rows).toEqual([{ id: only!.runId, requester_ref: approved.operator.userRef }]);
    expect(await leaves('schedule.occurred', id)).toMatchObject([
      { outcome: 'started', run: only!.runId, runSeq: 1, decisionId: only!.decisionId },
    ]);
  });

  it('waits while a run of the plan is open, starts when it has ended within the window, else is missed as busy', async () => {
    const [first, second] = [await create(), await create()];
    await overdue(first.id, 0);
    await occur(world.worker, first.id);
    await overdue(second.id, 2);
    await occur(world.worker, second.id);
    expect((await shown(second.id)).schedule).toMatchObject({ heldBy: 'busy', state: 'active' });
    await owner.query(`UPDATE run SET state = 'completed'`);
    const told = await occur(world.worker, second.id);
    expect(told.at(-1)).toMatchObject({ outcome: 'started' });

    await overdue(first.id, 0);
    await occur(world.worker, first.id);
    await overdue(first.id, 6);
    expect(await occur(world.worker, first.id)).toMatchObject([
      { outcome: 'missed', reason: 'busy', count: 1 },
      { outcome: 'missed', reason: 'late', count: 5 },
    ]);
  });

  it('is denied when its creator has lost the role, without a decision of the policy', async () => {
    const { id } = await create();
    await overdue(id, 0);
    await owner.query('DELETE FROM role_binding WHERE user_ref = $1', [approved.operator.userRef]);
    const told = await occur(world.worker, id).finally(bindOperator);
    expect(told).toMatchObject([{ outcome: 'denied', reason: 'creator-without-role' }]);
    expect((await shown(id)).occurrences).toMatchObject([{ runId: null, decisionId: null }]);
  });

  it('is the last one when the end comes before the next: the schedule has ended', async () => {
    const endsAt = new Date(Date.now() + 90_000).toISOString();
    const { id } = await create({ endsAt });
    await owner.query(`UPDATE schedule SET ends_at = date_trunc('minute', clock_timestamp()) WHERE id = $1`, [id]);
    await overdue(id, 0);
    expect(await occur(world.worker, id)).toHaveLength(1);
    expect((await shown(id)).schedule).toMatchObject({ state: 'ended', nextAt: null });
    await expect(owner.query(`UPDATE schedule SET state = 'paused' WHERE id = $1`, [id])).rejects.toThrow('for good');
  });
});

describe('pausing, resuming and removing', () => {
  it('keeps moments of a pause out of what is missed', async () => {
    const { id } = await create();
    await changeSchedule(world.api, approved.operator, id, 'paused');
    expect((await shown(id)).schedule).toMatchObject({ state: 'paused', nextAt: null });
    expect(await occur(world.worker, id)).toEqual([]);
    await changeSchedule(world.api, approved.operator, id, 'resumed');
    const { schedule, occurrences } = await shown(id);
    expect(new Date(schedule.nextAt!).getTime()).toBeGreaterThan(Date.now() - 1_000);
    expect(occurrences).toEqual([]);
    expect((await leaves('schedule.changed', id)).map(({ change }) => change)).toEqual(['paused', 'resumed']);
  });

  it('tells the moment that was due already', async () => {
    const { id } = await create();
    await overdue(id, 3);
    await changeSchedule(world.api, approved.operator, id, 'removed');
    expect((await shown(id)).occurrences).toMatchObject([{ outcome: 'missed', reason: 'removed', count: 4 }]);
    expect(await listSchedules(world.api.db.prisma, approved.operator)).toEqual([]);
    const again = changeSchedule(world.api, approved.operator, id, 'resumed');
    await expect(again).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

describe('rights', () => {
  it('let nobody but the api make a schedule or speak for people, and nobody rewrite what came of a moment', async () => {
    const { id } = await create();
    await overdue(id, 9);
    await changeSchedule(world.api, approved.operator, id, 'paused');
    const { prisma } = world.worker.db;
    await expect(prisma.$executeRaw`INSERT INTO schedule SELECT * FROM schedule`).rejects.toThrow(/permission denied/);
    await expect(prisma.$executeRaw`UPDATE schedule SET cron = '* * * * *'`).rejects.toThrow(/permission denied/);
    await expect(prisma.$executeRaw`UPDATE schedule_occurrence SET count = 1`).rejects.toThrow(/permission denied/);
    await expect(prisma.$executeRaw`DELETE FROM schedule_occurrence`).rejects.toThrow(/permission denied/);
    const change = { type: 'schedule.changed', scheduleId: id, change: 'removed' } as const;
    const actor = { kind: 'person', ref: approved.operator.userRef, via: 'management' } as const;
    const forged = world.worker.db.transaction((tx) => world.worker.log.appendLeaf(tx, { ...change, actor }));
    await expect(forged).rejects.toThrow(/not for sumveil_worker/);
  });
});
