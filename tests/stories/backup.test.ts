import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectorTarget, fastTimings, mustSumveil, type Tenant } from '@sumveil/constellation';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkInvariants } from '../faults/invariants.ts';
import { backUp, destroy, doctorOf, restore, settled, start } from './coordinator-backup.ts';
import { hold, letPass } from './held-phase.ts';
import { openRows, type Rows } from './rows.ts';
import { type StoryWorld, startStory } from './story-world.ts';
import { plainSum, publishedSum, readRound } from './sums.ts';
import { toyPlan } from './toy-plan.ts';
import { toyTenants } from './toy-table.ts';

interface Sent {
  readonly what: string;
  readonly digest: string;
  readonly runId?: string;
  readonly round?: number;
  readonly attempt?: number;
}

/** Rounds: 1 statistics, 2 and 3 training, 4 evaluation. */
const OLD = 2;
const MIDDLE = 3;
const SIZE = 5;
const messages = ['m0', 'm1', 'm2', 'm3', 'm4'];

describe('backup and restore of the coordinator', () => {
  let folder: string;
  let postgresFolder: string;
  let world: StoryWorld;
  let rows: Rows;
  let runId: string;
  let answered: Map<string, Sent[]>;
  let lastSize: number;

  beforeAll(async () => {
    // The user that runs Postgres must reach its data when it comes back.
    folder = mkdtempSync(join(tmpdir(), 'sumveil-backup-'));
    chmodSync(folder, 0o711);
    postgresFolder = join(folder, 'postgres');
    world = await startStory({ tenants: (base) => toyTenants(base, SIZE), ...fastTimings, postgresFolder });
    rows = await openRows(world);
  }, 120_000);

  afterAll(async () => {
    await rows?.close().catch(() => {});
    await world?.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const backup = (name: string) => join(folder, name);

  async function bringBack(name: string): Promise<void> {
    await rows.close().catch(() => {});
    await destroy(world, postgresFolder);
    await restore(world, backup(name), postgresFolder);
    rows = await openRows(world);
  }

  /** What each tenant's connector says has left it, by its own record. */
  async function sent(): Promise<Map<string, Sent[]>> {
    const all = new Map<string, Sent[]>();
    for (const tenant of world.tenants) all.set(tenant.slug, await egressOf(tenant));
    return all;
  }

  async function egressOf(tenant: Tenant): Promise<Sent[]> {
    const state = { state: tenant.stateDir };
    const entries = await mustSumveil<Sent[]>(['connector', 'egress', '--limit', '10000'], state);
    return entries.filter(({ what }) => messages.includes(what) || what === 'chunk');
  }

  function expectNoPhaseTwice(of: Map<string, Sent[]>): void {
    for (const [slug, entries] of of) {
      const phases = entries
        .filter(({ what }) => what !== 'chunk')
        .map(({ what, runId, round, attempt }) => `${slug} ${runId} ${round}/${attempt} ${what}`);
      expect(phases.filter((phase, i) => phases.indexOf(phase) !== i)).toEqual([]);
    }
  }

  const messageCount = (round: number, kind: string) =>
    `SELECT 1 FROM attempt a WHERE a.run_id = $1 AND a.round = ${round}
       AND (SELECT count(*) FROM message m WHERE m.attempt_id = a.id AND m.kind = '${kind}') = ${SIZE - 1}`;

  it('is taken twice while a run goes on: in round 2, and in the middle of round 3', async () => {
    const patient = { masked: [1, 600], consistency: [1, 600] };
    const plan = await toyPlan(
      world.tenants.map(({ ref }) => ref),
      {
        alter: (p) => ({ ...p, deadlines: { ...(p.deadlines as object), ...patient } }),
      },
    );
    const digest = await world.submit(plan);
    await world.approve(digest);
    await hold(rows, 'm2', world.tenants[4]!, OLD);
    runId = (await world.start(digest)).value.runId!;
    await rows.until('round 2 with one missing', messageCount(OLD, 'm2'), [runId]);
    await settled(rows, SIZE);
    await backUp(world, backup('old'));
    await hold(rows, 'm3', world.tenants[1]!, MIDDLE);
    await letPass(rows, 'm2');
    await rows.until('round 3 with one missing', messageCount(MIDDLE, 'm3'), [runId]);
    await settled(rows, SIZE);
    await backUp(world, backup('middle'));
  }, 180_000);

  it('brings back all of it: whole before anything runs, and the run goes on where it was', async () => {
    await bringBack('middle');
    const doctors = (['api', 'worker', 'signer'] as const).map((kind) => doctorOf(world, kind, '--restored'));
    for (const found of await Promise.all(doctors)) {
      expect(found.checks.filter(({ status }) => status === 'fail')).toEqual([]);
    }
    await start(world, 'api', 'worker', 'signer');
    await letPass(rows, 'm3');
    const { run, rounds } = await world.watch(runId);
    expect(run).toMatchObject({ state: 'completed', reason: null });
    expect(rounds.map(({ attempt, survivors }) => [attempt, survivors])).toEqual([1, 2, 3, 4].map(() => [0, SIZE]));
    for (const round of [1, 2, 3, 4]) {
      const row = await readRound(world, rows, runId, round);
      expect(await publishedSum(world, rows, row)).toEqual(await plainSum(row, world.tenants));
    }
    await checkInvariants(world, rows);
    lastSize = await settled(rows, SIZE);
    expect(await rows.leaves('witness.fork_detected')).toEqual([]);
    answered = await sent();
    expectNoPhaseTwice(answered);
    await backUp(world, backup('last'));
  }, 180_000);

  it('is found out when it is too old: the api alone freezes it, and the doctor says what happened and what to do', async () => {
    await bringBack('old');
    expect((await doctorOf(world, 'api', '--restored')).exit).toBe(0);
    await start(world, 'api');
    await rows.until('the freeze', `SELECT 1 FROM audit_dedupe WHERE key LIKE '["witness.fork_detected"%'`);
    const { size } = await rows.one<{ size: string }>('SELECT size FROM audit_head');
    const { verdict, checks, exit } = await doctorOf(world, 'api');
    expect([verdict, exit]).toEqual(['broken', 1]);
    const log = checks.find(({ id }) => id === 'log')!;
    expect(log).toMatchObject({ status: 'fail', next: expect.stringMatching(/restore the newest backup/) });
    expect(log.detail).toContain(`at ${lastSize} leaves, and this database has ${size}. An older backup was restored`);
  }, 180_000);

  it('lets nothing be signed once it is frozen, and no connector answers again, restarted or not, a round that there was', async () => {
    const { now } = await rows.one<{ now: Date }>('SELECT now()');
    await letPass(rows, 'm2');
    await start(world, 'signer', 'worker');
    // A connector that remembers only what it has written down is asked for the round that it has long answered.
    const restarted = connectorTarget(world, world.tenants[3]!);
    await restarted.terminate();
    await restarted.start();
    // What the worker would do at the deadline.
    await rows.all(
      `UPDATE attempt SET phase = 'failed', fail_code = 'QUORUM', ended_at = now() WHERE run_id = $1 AND round = ${OLD}`,
      [runId],
    );
    await rows.all(`INSERT INTO outbox (topic, ref, dedupe) VALUES ('round.open', $1, 'story')`, [runId]);
    const again = await rows.until<{ error: string }>(
      'the signer’s word on round 2 with another plan',
      `SELECT s.error FROM attempt a JOIN sign_request r ON r.kind = 'plan' AND r.subject = a.run_id || '/' || a.round || '/' || a.attempt
         JOIN signature s ON s.request_id = r.id WHERE a.run_id = $1 AND a.round = ${OLD} AND a.attempt = 1`,
      [runId],
    );
    expect(again.error).toBe('FROZEN');
    for (const { ref } of world.tenants)
      await rows.until('every connector’s return', 'SELECT 1 FROM presence WHERE tenant_ref = $1 AND seen_at > $2', [
        ref,
        now,
      ]);
    expect(await sent()).toEqual(answered);
    for (const tenant of world.tenants) {
      const status = await mustSumveil<{ witness: { size: number; fork: boolean } }>(['connector', 'status'], {
        state: tenant.stateDir,
      });
      expect(status.witness).toEqual({ size: lastSize, fork: false });
    }
  }, 180_000);

  it('works again from the newest copy: no freeze in it, witnesses cosign on, and a new run completes', async () => {
    await bringBack('last');
    await start(world, 'api', 'worker', 'signer');
    const status = await world.complete(
      await toyPlan(
        world.tenants.map(({ ref }) => ref),
        { name: 'after' },
      ),
    );
    expect(status.rounds.map(({ survivors }) => survivors)).toEqual([SIZE, SIZE, SIZE, SIZE]);
    await checkInvariants(world, rows);
    expect(await settled(rows, SIZE)).toBeGreaterThan(lastSize);
    expectNoPhaseTwice(await sent());
    const worker = await doctorOf(world, 'worker');
    expect(worker.checks.filter(({ status }) => status === 'fail')).toEqual([]);
  }, 180_000);
});
