import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  mustSumveil,
  type OwnRedis,
  type StartedProcess,
  startCoordinatorProcess,
  startOwnRedis,
  sumveil,
} from '@sumveil/constellation';
import { layout, readBundleZip } from '@sumveil/transparency';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRows, type Rows } from './rows.ts';
import { type StoryWorld, startStory } from './story-world.ts';
import { toyPlan } from './toy-plan.ts';
import { toyTenants } from './toy-table.ts';

interface Occurrence {
  readonly outcome: string;
  readonly reason: string | null;
  readonly count: number;
  readonly run_id: string | null;
}

/** Once a day, so that none comes by itself while the story is told; it sets the clock of the row instead. */
const daily = ['--cron', '0 2 * * *', '--zone', 'UTC', '--window', '1440', '--ticket', 'CHG-7'];

describe('a schedule, with two workers and the queue on Redis', () => {
  let redis: OwnRedis;
  let client: Redis;
  let world: StoryWorld;
  let rows: Rows;
  let workers: StartedProcess[];
  let planDigest: string;
  let scheduleId: string;

  beforeAll(async () => {
    redis = await startOwnRedis();
    client = new Redis(redis.url);
    world = await startStory({
      tenants: (folder) => toyTenants(folder, 5),
      queueUrl: redis.url,
      timings: { reconcile: 300, unmoved: 1_000 },
    });
    rows = await openRows(world);
    workers = [world.worker, (await startCoordinatorProcess(world.ground, 'worker', 2)).process];
    const refs = world.tenants.map(({ ref }) => ref);
    planDigest = await world.submit(await toyPlan(refs, { trainRounds: 1 }));
  }, 180_000);

  afterAll(async () => {
    await rows?.close();
    await world?.stop();
    client?.disconnect();
    await redis?.stop();
  }, 60_000);

  /** As if nobody had looked since before 02:00, so many days ago. */
  const unseenSince = (days: number) =>
    rows.all(
      `UPDATE schedule SET next_at =
         date_trunc('day', now() AT TIME ZONE 'UTC' - interval '2 hours') AT TIME ZONE 'UTC' + interval '2 hours' - make_interval(days => $2)
       WHERE id = $1`,
      [scheduleId, days],
    );
  const occurrences = () =>
    rows.all<Occurrence>(
      'SELECT outcome, reason, count, run_id FROM schedule_occurrence WHERE schedule_id = $1 ORDER BY moment',
      [scheduleId],
    );
  const settled = (n: number) =>
    rows.until(`${n} occurrences`, 'SELECT 1 FROM schedule_occurrence WHERE schedule_id = $1 HAVING count(*) >= $2', [
      scheduleId,
      n,
    ]);
  const create = async () => {
    const argv = ['schedule', 'create', planDigest, ...daily];
    const made = await mustSumveil<{ scheduleId: string; nextAt: string }>(argv, world.as('operator'));
    expect(made.nextAt).toMatch(/T02:00:00.000Z$/);
    return made.scheduleId;
  };
  const inQueue = async () => {
    for (let i = 0; i < 500; i += 1) {
      if ((await client.zscore('bull:rounds:repeat', scheduleId)) !== null) return;
      await pause(20);
    }
    throw new Error('no job scheduler in the queue after 10 s');
  };

  it('is made by the operator alone, and a bad pattern is told by its field', async () => {
    const line = ['schedule', 'create', planDigest];
    const wrong = [...line, '--cron', '0 25 * * *', '--zone', 'Mars/Olympus', '--ticket', 'CHG-7'];
    const { exit, error } = await sumveil(wrong, world.as('operator'));
    expect(exit).toBe(1);
    expect(error!.faults.map(({ path }) => path)).toEqual(['--cron, hour', '--zone']);
    expect((await sumveil([...line, ...daily], world.as('auditor'))).exit).toBe(77);
    scheduleId = await create();
    await inQueue();
  });

  it('asks without approvals and is denied: recorded with its decision, no run', async () => {
    await unseenSince(0);
    await settled(1);
    expect(await occurrences()).toEqual([{ outcome: 'denied', reason: 'policy', count: 1, run_id: null }]);
    expect(await rows.all('SELECT action, effect FROM policy_decision')).toEqual([
      { action: 'startRun', effect: 'deny' },
    ]);
    expect(await rows.all('SELECT 1 FROM run')).toEqual([]);
    await mustSumveil(['schedule', 'remove', scheduleId], world.as('operator'));
  });

  it('misses a moment while no worker runs and the queue is emptied: told after the restart, and the next one starts one run', async () => {
    await world.approve(planDigest);
    scheduleId = await create();
    await inQueue();
    await Promise.all(workers.map((worker) => worker.kill('SIGKILL')));
    await client.flushall();
    await unseenSince(3);
    workers = await Promise.all(
      [3, 4].map(async (n) => (await startCoordinatorProcess(world.ground, 'worker', n)).process),
    );
    await settled(2);
    const [missed, started, ...more] = await occurrences();
    expect(missed).toMatchObject({ outcome: 'missed', reason: 'late', count: 3 });
    expect(started).toMatchObject({ outcome: 'started', reason: null, count: 1 });
    expect(more).toEqual([]);
    const { run } = await world.watch(started!.run_id!);
    expect(run).toMatchObject({ state: 'completed', scheduleId });
    expect(await rows.all('SELECT id FROM run')).toEqual([{ id: run.runId }]);
    await inQueue();
  }, 120_000);

  it('is told in the log: every change has its leaf', async () => {
    await mustSumveil(['schedule', 'pause', scheduleId], world.as('operator'));
    const { exit, error } = await sumveil(['schedule', 'pause', scheduleId], world.as('operator'));
    expect([exit, error?.code]).toEqual([1, 'CONFLICT']);
    await mustSumveil(['schedule', 'resume', scheduleId], world.as('operator'));
    await mustSumveil(['schedule', 'remove', scheduleId], world.as('operator'));
    expect(await mustSumveil(['schedule', 'list'], world.as('auditor'))).toEqual([]);
    const told = await mustSumveil<{ schedule: object; occurrences: object[] }>(
      ['schedule', 'show', scheduleId],
      world.as('auditor'),
    );
    expect(told).toMatchObject({ schedule: { state: 'removed', nextAt: null }, occurrences: [{}, {}] });
    const until = `SELECT 1 FROM audit_leaf WHERE key LIKE '["schedule.changed"%' HAVING count(*) = 4`;
    await rows.until('four leaves', until);
    const leaves = (await rows.leaves()).filter(({ type }) => type.startsWith('schedule.'));
    expect(leaves.map(({ type, change, outcome, code }) => [type, change ?? outcome ?? code])).toEqual([
      ['schedule.created', undefined],
      ['schedule.occurred', 'denied'],
      ['schedule.changed', 'removed'],
      ['schedule.created', undefined],
      ['schedule.missed', 'late'],
      ['schedule.occurred', 'started'],
      ['schedule.changed', 'paused'],
      ['schedule.changed', 'resumed'],
      ['schedule.changed', 'removed'],
    ]);
  });

  it('stands in the evidence of the model that came of it, which verifies offline', async () => {
    const bundle = join(world.folders.auditor, 'bundle.zip');
    const trust = join(world.folders.auditor, 'trust.json');
    const report = join(world.folders.auditor, 'report.json');
    const { model, version } = await rows.one<{ model: string; version: number }>(
      'SELECT model, version FROM model_version ORDER BY version DESC LIMIT 1',
    );
    const why = ['--reason', 'story'];
    await mustSumveil(['audit', 'export', model, String(version), ...why, '--out', bundle], world.as('auditor'));
    const inJson = ['audit', 'report', model, String(version), ...why, '--format', 'json', '--out', report];
    await mustSumveil(inJson, world.as('auditor'));
    await mustSumveil(['connector', 'roster', 'show', '--trust', trust], { state: world.tenants[0]!.stateDir });
    expect((await sumveil(['audit', 'verify', bundle, '--trust', trust], {})).exit).toBe(0);
    expect(JSON.parse(readFileSync(report, 'utf8')).run.schedule).toMatchObject({ id: scheduleId });
    const leaves = Buffer.from(readBundleZip(readFileSync(bundle)).get(layout.LEAVES_FILE)!).toString('utf8');
    expect(leaves).toContain('"schedule.occurred"');
  }, 60_000);
});
