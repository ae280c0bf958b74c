import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CommandResult, decideOn, fastTimings, mustSumveil, sumveil } from '@sumveil/constellation';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hold, letPass } from './held-phase.ts';
import { openRows, type Rows } from './rows.ts';
import { type RunStatus, type StoryWorld, startStory } from './story-world.ts';
import { toyPlan } from './toy-plan.ts';
import { toyTenants } from './toy-table.ts';

type Plan = Record<string, unknown>;

describe('a run pauses by itself, and a person lets it go on', { timeout: 240_000 }, () => {
  let world: StoryWorld;
  let rows: Rows;
  let runId: string;
  let workerOps: string;

  const refs = () => world.tenants.map(({ ref }) => ref);
  const onRun = (verb: 'pause' | 'resume', reason: string, ticket: string): Promise<CommandResult<{ state: string }>> =>
    sumveil(['run', verb, runId, '--reason', reason, '--ticket', ticket], world.as('operator'));
  const decided = (digest: string) =>
    rows.all<{ action: string; effect: string; reasons: string[] }>(
      'SELECT action, effect, reasons FROM policy_decision WHERE plan_digest = $1 ORDER BY at',
      [digest],
    );
  const setRegion = (i: number, region: string) =>
    rows.all('UPDATE tenant SET region = $1 WHERE ref = $2', [region, world.tenants[i]!.ref]);
  const began = async (digest: string) => {
    await world.approve(digest);
    const { value } = await world.start(digest);
    runId = value.runId!;
    expect(runId).toBeTruthy();
  };
  const rounds = ({ rounds }: RunStatus) => rounds.map(({ round, survivors }) => [round, survivors]);

  beforeAll(async () => {
    // The fifth site lies elsewhere: its own policy says so, and the coordinator’s table says otherwise.
    world = await startStory({
      ...fastTimings,
      tenants: (folder) =>
        toyTenants(folder, 5).map((tenant, i) => (i === 4 ? { ...tenant, localPolicy: { region: 'US' } } : tenant)),
    });
    rows = await openRows(world);
    const log = readFileSync(join(world.folders.logs, 'worker-1.log'), 'utf8');
    const ready = log.split('\n').find((line) => line.includes('"ready"'))!;
    workerOps = `http://127.0.0.1:${(JSON.parse(ready) as { ports: { ops: number } }).ports.ops}`;
  }, 180_000);

  afterAll(async () => {
    await rows?.close();
    await world?.stop();
  }, 60_000);

  describe('regions', () => {
    it('a plan that does not name the region of every member is refused with the member’s path', async () => {
      await setRegion(1, 'US');
      const refused = await world.submit(await toyPlan(refs())).catch((error: Error) => error.message);
      expect(refused).toMatch(/PLAN_INVALID[\s\S]*cohort\.members\.1: the tenant’s region is not among regions/);
      await setRegion(1, 'EU');
    });

    it('a tenant that has moved out of the plan’s regions keeps the run from starting', async () => {
      const guards = { participation: { least: 0.9, rounds: 2 } };
      const alter = (plan: Plan) => ({ ...plan, guards });
      const digest = await world.submit(await toyPlan(refs(), { trainRounds: 3, alter }));
      await world.approve(digest);
      await setRegion(1, 'US');
      const { exit, value } = await world.start(digest);
      expect(exit).toBe(2);
      expect(value).toMatchObject({ runId: null, decision: { effect: 'deny', reasons: ['region'] } });
      await setRegion(1, 'EU');
      runId = (await world.start(digest)).value.runId!;
      expect(runId).toBeTruthy();
    });
  });

  it('too few in a row: it pauses with leaf, event and metric, which carry no figure', async () => {
    const status = await world.watch(runId);
    expect(status.run).toMatchObject({ state: 'paused', reason: 'guard.participation' });
    expect(rounds(status)).toEqual([1, 2].map((round) => [round, 4]));
    await rows.until('its leaf', `SELECT 1 FROM audit_leaf WHERE key LIKE '["run.paused"%'`);
    const [paused, ...more] = await rows.leaves('run.paused');
    expect(more).toEqual([]);
    const { v, id, time, runSeq, planDigest, grantDigest, ...said } = paused!;
    expect(said).toEqual({
      type: 'run.paused',
      actor: { kind: 'service', ref: 'coordinator', via: 'worker' },
      run: runId,
      reasonCode: 'guard.participation',
    });
    const metrics = await (await fetch(`${workerOps}/metrics`)).text();
    expect(metrics).toMatch(/sumveil_run_paused_total\{kind="guard.participation"[^}]*\} 1/);
    const log = readFileSync(join(world.folders.logs, 'worker-1.log'), 'utf8');
    const events = log.split('\n').filter((line) => line.includes('"run.paused"'));
    expect(events).toHaveLength(1);
    expect(JSON.parse(events[0]!)).toMatchObject({ level: 'warn', run: runId, reason: 'guard.participation' });
  });

  it('the connector of the site that lies elsewhere has refused by itself, whatever the coordinator has on file', async () => {
    const elsewhere = world.tenants[4]!;
    const refusals = await rows.all('SELECT DISTINCT tenant_ref, code FROM gate_refusal WHERE run_id = $1', [runId]);
    expect(refusals).toEqual([{ tenant_ref: elsewhere.ref, code: 'GATE_LOCAL_POLICY' }]);
    const { warnings } = await mustSumveil<{ warnings: string[] }>(['connector', 'status'], {
      state: elsewhere.stateDir,
    });
    expect(warnings.join()).toMatch(/does not allow this site’s region US/);
    const sent = await mustSumveil<{ what: string }[]>(['connector', 'egress'], { state: elsewhere.stateDir });
    expect(sent.filter(({ what }) => /^(m[0-4]|chunk)$/.test(what))).toEqual([]);
  });

  it('resumed, it goes on by the same decisions, and the guard pauses it again for new rounds only', async () => {
    expect((await onRun('resume', 'looked-at', 'OPS-1')).value).toMatchObject({ state: 'running' });
    const status = await world.watch(runId);
    expect(status.run).toMatchObject({ state: 'paused', reason: 'guard.participation' });
    expect(rounds(status)).toEqual([1, 2, 3, 4].map((round) => [round, 4]));
  });

  it('resumed while policy denies the next round, it pauses again with that reason; nothing is let past', async () => {
    await setRegion(1, 'US');
    expect((await onRun('resume', 'in-a-hurry', 'OPS-2')).exit).toBe(0);
    const { run, rounds: seen } = await world.watch(runId);
    expect(run).toMatchObject({ state: 'paused', reason: 'policy-denied' });
    expect(seen).toHaveLength(4);
    const { plan_digest } = await rows.one<{ plan_digest: string }>('SELECT plan_digest FROM run WHERE id = $1', [
      runId,
    ]);
    expect((await decided(plan_digest)).at(-1)).toEqual({ action: 'startRound', effect: 'deny', reasons: ['region'] });
    await setRegion(1, 'EU');
    expect((await onRun('resume', 'moved-back', 'OPS-3')).exit).toBe(0);
    const ended = await world.watch(runId);
    expect(ended.run).toMatchObject({ state: 'completed', reason: null });
    expect(rounds(ended)).toEqual([1, 2, 3, 4, 5].map((round) => [round, 4]));
  });

  it('its bundle shows every intervention with who, why and ticket, and verifies offline', async () => {
    const { run } = await world.watch(runId);
    const [bundle, trust] = [join(world.folder, 'bundle.zip'), join(world.folder, 'trust.json')];
    const args = [run.model, String(run.version), '--reason', 'what was done to this run', '--out'];
    await mustSumveil(['audit', 'export', ...args, bundle], world.as('auditor'));
    await mustSumveil(['connector', 'roster', 'show', '--trust', trust], { state: world.tenants[0]!.stateDir });
    const verdict = await sumveil<{ verdict: string }>(['audit', 'verify', bundle, '--trust', trust], {});
    expect([verdict.exit, verdict.value.verdict]).toEqual([0, 'VERIFIED']);
    const report = ['audit', 'report', ...args.slice(0, -1), '--format', 'json', '--out'];
    const file = join(world.folder, 'report.json');
    await mustSumveil([...report, file], world.as('auditor'));
    const { answers, plan } = JSON.parse(readFileSync(file, 'utf8'));
    const by = world.operator.ref;
    const ticket = (id: string) => ({ system: 'platform', id });
    expect(answers.interventions).toMatchObject([
      { what: 'run.paused', by: 'service', reason: 'guard.participation' },
      { what: 'run.resumed', by, reason: 'looked-at', ticket: ticket('OPS-1') },
      { what: 'run.paused', by: 'service', reason: 'guard.participation' },
      { what: 'run.resumed', by, reason: 'in-a-hurry', ticket: ticket('OPS-2') },
      { what: 'run.paused', by: 'service', reason: 'policy-denied' },
      { what: 'run.resumed', by, reason: 'moved-back', ticket: ticket('OPS-3') },
    ]);
    expect(plan.guards.participation).toEqual({ least: 0.9, rounds: 2 });
  });

  it('an operator’s pause lets the open round end and opens no other; the loss then diverges', async () => {
    const faster = (plan: Plan) => {
      const task = plan.task as Plan;
      const strategy = { ...(task.strategy as Plan), serverLearningRate: 100 };
      const aggregation = { ...(plan.aggregation as Plan), clip: 100 };
      return { ...plan, task: { ...task, strategy }, aggregation, guards: { off: ['norm'] } };
    };
    const digest = await world.submit(await toyPlan(refs(), { name: 'too-fast', trainRounds: 5, alter: faster }));
    await hold(rows, 'm3', world.tenants[0]!, 1);
    await began(digest);
    await rows.until('the open round', `SELECT 1 FROM attempt WHERE run_id = $1 AND phase = 'consistency'`, [runId]);
    expect((await onRun('resume', 'not-paused', 'OPS-4')).error).toMatchObject({ code: 'CONFLICT' });
    expect((await onRun('pause', 'look-first', 'OPS-5')).value).toMatchObject({ state: 'paused' });
    expect((await onRun('pause', 'look-first', 'OPS-5')).error).toMatchObject({ code: 'CONFLICT' });
    await letPass(rows, 'm3');
    await rows.until('its release', `SELECT 1 FROM attempt WHERE run_id = $1 AND phase = 'released'`, [runId]);
    const held = await world.watch(runId);
    expect(held.run).toMatchObject({ state: 'paused', reason: 'operator.look-first' });
    expect(rounds(held)).toEqual([[1, 4]]);
    expect((await onRun('resume', 'looked', 'OPS-6')).exit).toBe(0);
    const status = await world.watch(runId);
    expect(status.run).toMatchObject({ state: 'paused', reason: 'guard.divergence' });
    expect(rounds(status).length).toBeLessThan(6);
  });

  it('what resuming cannot take away is refused with what to do: a withdrawn approval', async () => {
    const { plan_digest } = await rows.one<{ plan_digest: string }>('SELECT plan_digest FROM run WHERE id = $1', [
      runId,
    ]);
    const tenant = world.tenants[2]!;
    await decideOn(world, plan_digest, tenant, tenant.steward, { ticket: 'jira:DS-99', decision: 'withdrawn' });
    const { error, exit } = await onRun('resume', 'try', 'OPS-7');
    expect(exit).toBe(1);
    expect(error).toMatchObject({
      code: 'CONFLICT',
      message: expect.stringMatching(/1 of the 5 tenants.*Abort the run/),
    });
    expect(await rows.one('SELECT state, reason FROM run WHERE id = $1', [runId])).toEqual({
      state: 'paused',
      reason: 'guard.divergence',
    });
    await mustSumveil(['run', 'abort', runId, '--reason', 'diverged'], world.as('operator'));
    await rows.until('its leaf', 'SELECT 1 FROM audit_leaf WHERE key LIKE $1', [`["run.aborted"%${runId}%`]);
    const aborted = (await rows.leaves('run.aborted')).at(-1);
    expect(aborted).toMatchObject({ run: runId, code: 'diverged', actor: { kind: 'person', ref: world.operator.ref } });
  });
});
