import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  connectorReady,
  startConnector,
  startCoordinatorProcess,
  startTestRedis,
  sumveil,
  type Tenant,
  urlsOf,
} from '@sumveil/constellation';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hold, letPass } from './held-phase.ts';
import { openRows, type Rows } from './rows.ts';
import { type Start, type StoryWorld, startStory } from './story-world.ts';
import { plainSum, publishedSum, readRound } from './sums.ts';
import { toyPlan } from './toy-plan.ts';
import { toyTenants } from './toy-table.ts';

/** Rounds: 1 statistics, 2 and 3 training, 4 evaluation. In round 3 one connector is killed. */
const KILLED_IN = 3;

const backends: [string, () => Promise<{ url: string | undefined; stop(): Promise<void> }>][] = [
  ['postgres', async () => ({ url: undefined, stop: async () => {} })],
  ['redis', startTestRedis],
];

describe.each(backends)('a run with the queue on %s, two api and two worker processes', (_, startQueue) => {
  let queue: Awaited<ReturnType<typeof startQueue>>;
  let world: StoryWorld;
  let rows: Rows;
  let planDigest: string;
  let runId: string;
  let victim: Tenant;
  let secondProfile: string;

  beforeAll(async () => {
    queue = await startQueue();
    world = await startStory({
      tenants: (folder) => toyTenants(folder, 5),
      ...(queue.url ? { queueUrl: queue.url } : {}),
    });
    rows = await openRows(world);
    const [api] = await Promise.all([
      startCoordinatorProcess(world.ground, 'api', 2),
      startCoordinatorProcess(world.ground, 'worker', 2),
    ]);
    const second = urlsOf(api.ports);
    victim = world.tenants[4]!;
    // One connector and the operator's second command line talk to the second api process.
    await world.tenants[0]!.connector!.stop();
    startConnector(world.folders, second, world.tenants[0]!);
    await connectorReady(world.tenants[0]!);
    secondProfile = join(world.folders.operator, 'second.json');
    const profile = JSON.parse(readFileSync(world.as('operator').profile, 'utf8'));
    writeFileSync(secondProfile, JSON.stringify({ ...profile, url: second.management }), { mode: 0o600 });
    planDigest = await world.submit(await toyPlan(world.tenants.map(({ ref }) => ref)));
  }, 180_000);

  afterAll(async () => {
    await rows?.close();
    await world?.stop();
    await queue?.stop();
  }, 60_000);

  it('has the roster in force, pinned and cosigned by every tenant', async () => {
    const { value } = await sumveil<{ effective: boolean; members: { pinned: boolean }[] }>(
      ['roster', 'status'],
      world.as('operator'),
    );
    expect(value.effective).toBe(true);
    expect(value.members.map(({ pinned }) => pinned)).toEqual([true, true, true, true, true]);
    expect(await rows.leaves('roster.effective')).toHaveLength(1);
  });

  it('denies the start without approvals, says which policies, and changes nothing but the record of it', async () => {
    const { exit, value } = await world.start(planDigest);
    expect(exit).toBe(2);
    expect(value).toMatchObject({ runId: null, decision: { action: 'startRun', effect: 'deny' } });
    expect(value.decision.reasons.length).toBeGreaterThan(0);
    expect(await rows.all('SELECT 1 FROM run')).toEqual([]);
    expect(await rows.all('SELECT effect FROM policy_decision')).toEqual([{ effect: 'deny' }]);
  });

  it('still denies it when three of five tenants have approved', async () => {
    await world.approve(planDigest, world.tenants.slice(0, 3));
    const { exit, value } = await world.start(planDigest);
    expect(exit).toBe(2);
    expect(value.decision).toMatchObject({ effect: 'deny' });
    expect(await rows.all('SELECT 1 FROM run')).toEqual([]);
  });

  it('allows it once everybody has approved, and starts one run however many ask at once', async () => {
    await world.approve(planDigest, world.tenants.slice(3));
    await hold(rows, 'm2', victim, KILLED_IN);
    await hold(rows, 'm3', world.tenants[1]!, KILLED_IN);
    const ask = (profile: string) => sumveil<Start>(['run', 'start', planDigest], { profile });
    const first = world.as('operator').profile;
    const answers = await Promise.all([first, secondProfile, first, secondProfile].map(ask));
    const started = answers.filter(({ exit }) => exit === 0);
    expect(started).toHaveLength(1);
    expect(answers.filter(({ exit }) => exit !== 0).map(({ error }) => error?.code)).toEqual([
      'CONFLICT',
      'CONFLICT',
      'CONFLICT',
    ]);
    expect(started[0]!.value.decision).toMatchObject({ effect: 'allow', cause: 'permit' });
    runId = started[0]!.value.runId!;
  });

  it('finishes the round in which a connector is killed after its shares, and has it back in the next', async () => {
    const attempt = await rows.until<{ id: string }>(
      'masked inputs of the others',
      `SELECT a.id FROM attempt a WHERE a.run_id = $1 AND a.round = $2
          AND (SELECT count(*) FROM message m WHERE m.attempt_id = a.id AND m.kind = 'm2') = 4
          AND (SELECT count(*) FROM chunk c WHERE c.attempt_id = a.id AND c.idx = $3) > 0`,
      [runId, KILLED_IN, victim.idx],
    );
    await victim.connector!.kill('SIGKILL');
    await rows.until('the list without it', `SELECT 1 FROM phase_list WHERE attempt_id = $1 AND phase = 'u3'`, [
      attempt.id,
    ]);
    await letPass(rows, 'm2');
    const { now } = await rows.one<{ now: Date }>('SELECT now()');
    await world.restartConnector(victim);
    await rows.until('its return', 'SELECT 1 FROM presence WHERE tenant_ref = $1 AND seen_at > $2', [victim.ref, now]);
    await letPass(rows, 'm3');
    const { run, rounds } = await world.watch(runId);
    expect(run).toMatchObject({ state: 'completed', reason: null });
    expect(rounds.map(({ stage }) => stage)).toEqual(['statistics', 'train', 'train', 'evaluate']);
    expect(rounds.map(({ survivors }) => survivors)).toEqual([5, 5, 4, 5]);
    expect(rounds[KILLED_IN - 1]!.dropped).toEqual([victim.ref]);
  }, 120_000);

  it.each([1, 2, 3, 4])('published in round %i exactly the plain sum of what the survivors computed', async (round) => {
    const row = await readRound(world, rows, runId, round);
    const survivors = world.tenants.filter(({ idx }) => row.survivors.includes(idx));
    expect(survivors).toHaveLength(round === KILLED_IN ? 4 : 5);
    const [published, plain] = [await publishedSum(world, rows, row), await plainSum(row, survivors)];
    expect(published).toEqual(plain);
    if (row.stage.name === 'train') expect(published.model.some((value) => value !== 0)).toBe(true);
  });

  it('made one attempt and one version a round, and one leaf a change', async () => {
    const attempts = await rows.all('SELECT round, attempt FROM attempt ORDER BY round, attempt');
    expect(attempts).toEqual([1, 2, 3, 4].map((round) => ({ round, attempt: 0 })));
    const versions = await rows.all('SELECT version, round FROM model_version ORDER BY version');
    expect(versions).toEqual([1, 2, 3].map((round) => ({ version: round, round })));
    const leaves = await rows.leaves();
    const counts = Object.fromEntries(
      Map.groupBy(leaves, ({ type }) => type)
        .entries()
        .map(([type, found]) => [type, found.length]),
    );
    expect(counts).toMatchObject({
      'run.started': 1,
      'grant.issued': 1,
      'round.opened': 4,
      'update.accepted': 19,
      'aggregate.computed': 4,
      'aggregate.released': 4,
      'round.closed': 4,
      'model.version_created': 3,
      'run.completed': 1,
    });
    expect(counts['round.aborted']).toBeUndefined();
    const sequence = leaves.flatMap(({ run, runSeq }) => (run === runId ? [runSeq] : []));
    expect(sequence).toEqual(sequence.map((_, i) => i + 1));
  });

  it('keeps no secret of an attempt after its release', async () => {
    expect(await rows.all('SELECT 1 FROM attempt_secret')).toEqual([]);
  });
});
