import { connectorTarget } from '@sumveil/constellation';
import { expect, it } from 'vitest';
import { connectorTls, rawCaller } from '../stories/callers.ts';
import { artifact } from '../stories/sums.ts';
import { checkInvariants } from './invariants.ts';
import type { LongRun } from './long-run.ts';

/** F10, F13 and presence: connectors that die. */
export function dropouts(run: () => LongRun): void {
  it('F10: connector killed before the receipt of its update: a dropout of this attempt alone', async () => {
    const { world, stopNextAt } = run();
    const victim = world.tenants[4]!;
    const held = await stopNextAt({ phase: 'masked', at: 'answer', idx: victim.idx, waits: false });
    await connectorTarget(world, victim).kill();
    await held.lift();
    const killedAt = performance.now();
    await connectorTarget(world, victim).start();
    await held.released(4);
    const aborts = await world.rows.all(`SELECT idx FROM message WHERE attempt_id = $1 AND kind = 'abort'`, [
      held.attemptId,
    ]);
    expect(aborts).toEqual([{ idx: victim.idx }]);
    tell('a restarted connector cost', killedAt);
  });

  it('F10: connector killed after the receipt: its update stays in the sum; the same digest again counts, another does not', async () => {
    const { world, stopNextAt } = run();
    const [slow, victim] = [world.tenants[3]!, world.tenants[4]!];
    const held = await stopNextAt({ phase: 'masked', at: 'answer', idx: slow.idx, waits: false });
    const { body, sig } = await world.rows.until<{ body: Buffer; sig: Buffer }>(
      'the accepted update',
      `SELECT body, sig FROM message WHERE attempt_id = $1 AND kind = 'm2' AND idx = $2`,
      [held.attemptId, victim.idx],
    );
    await connectorTarget(world, victim).kill();
    const caller = rawCaller(world.urls.connector, connectorTls(victim));
    const { hash } = await world.rows.one<{ hash: Buffer }>('SELECT plan_hash AS hash FROM attempt WHERE id = $1', [
      held.attemptId,
    ]);
    const { digest } = await world.rows.one<{ digest: string }>(
      'SELECT digest FROM chunk WHERE attempt_id = $1 AND idx = $2 AND segment = 0 AND chunk = 0',
      [held.attemptId, victim.idx],
    );
    const path = `/v1/attempts/${hash.toString('base64url')}/chunks/0/0`;
    const headers = { 'content-type': 'application/octet-stream' };
    const bytes = artifact(world, digest);
    const again = await caller.send({ method: 'PUT', path, headers, body: bytes });
    expect([again.status, JSON.parse(again.bytes.toString()).digest]).toEqual([200, digest]);
    const other = Buffer.from(bytes);
    other[0] = other[0]! ^ 1;
    for (let i = 0; i < 2; i++)
      expect((await caller.send({ method: 'PUT', path, headers, body: other })).status).toBe(409);
    const same = Buffer.concat([body, Buffer.from(`\n${sig.toString('base64url')}\n`)]);
    const message = `/v1/attempts/${hash.toString('base64url')}/messages/m2`;
    expect((await caller.send({ method: 'POST', path: message, headers, body: same })).status).toBe(204);
    await caller.close();
    await connectorTarget(world, victim).start();
    await held.lift();
    await held.released(5);
    await world.rows.until(
      'one leaf of the other bytes',
      `SELECT 1 FROM audit_leaf WHERE key LIKE '["update.rejected"%'
          AND convert_from(leaf, 'UTF8')::jsonb @> jsonb_build_object('code', 'CONFLICT', 'tenantRef', $1::text) HAVING count(*) = 1`,
      [victim.ref],
    );
  });

  it('presence: a connector that is gone costs its lease, not the deadline', async () => {
    const { world, stopNextAt } = run();
    const victim = connectorTarget(world, world.tenants[4]!);
    const held = await stopNextAt({ phase: 'masked', at: 'answer', idx: world.tenants[4]!.idx, waits: false });
    const killedAt = performance.now();
    await victim.kill();
    await held.lift();
    await world.rows.until('the list without it', `SELECT 1 FROM phase_list WHERE attempt_id = $1 AND phase = 'u3'`, [
      held.attemptId,
    ]);
    // leaseSeconds of the plan are 5; the deadline of the phase is 60 s and more away.
    expect(tell('a killed connector cost', killedAt)).toBeLessThan(9);
    await victim.start();
    await held.released(4);
  });

  it('F13: dropouts below the least number: aborted before release, nothing charged, nothing shown', async () => {
    const { world, runId, stopNextAt } = run();
    const gone = world.tenants.slice(3);
    const held = await stopNextAt({ phase: 'consistency', at: 'answer', idx: gone[0]!.idx, waits: false });
    await Promise.all(world.tenants.slice(2).map((tenant) => connectorTarget(world, tenant).kill()));
    await held.lift();
    await Promise.all(world.tenants.slice(2).map((tenant) => connectorTarget(world, tenant).start()));
    const ended = await world.rows.until<{ phase: string; code: string; manifest: Buffer | null; root: Buffer | null }>(
      'the end of the attempt',
      `SELECT phase, fail_code AS code, manifest_body AS manifest, agg_root AS root FROM attempt
        WHERE id = $1 AND phase IN ('failed', 'released')`,
      [held.attemptId],
    );
    expect(ended).toEqual({ phase: 'failed', code: 'QUORUM', manifest: null, root: null });
    const of = async (sql: string) => await world.rows.all(sql, [runId, held.round]);
    expect(await of('SELECT 1 FROM privacy_charge WHERE run_id = $1 AND round = $2')).toEqual([]);
    expect(await of('SELECT 1 FROM evaluation WHERE run_id = $1 AND round = $2')).toEqual([]);
    expect(await of('SELECT 1 FROM model_version WHERE run_id = $1 AND round = $2')).toEqual([]);
    const left = await world.rows.all(
      'SELECT 1 FROM sum_chunk WHERE attempt_id = $1 UNION ALL SELECT 1 FROM attempt_secret WHERE attempt_id = $1',
      [held.attemptId],
    );
    expect(left).toEqual([]);
    const { hash } = await world.rows.one<{ hash: Buffer }>('SELECT plan_hash AS hash FROM attempt WHERE id = $1', [
      held.attemptId,
    ]);
    const caller = rawCaller(world.urls.connector, connectorTls(world.tenants[0]!));
    const asked = ['manifest', 'aggregate/0/0'].map((what) => `/v1/attempts/${hash.toString('base64url')}/${what}`);
    for (const path of asked) expect((await caller.send({ method: 'GET', path })).status).toBe(404);
    await caller.close();
    await checkInvariants(world, world.rows);
  });
}

function tell(what: string, since: number): number {
  const seconds = (performance.now() - since) / 1_000;
  console.log(`${what} ${seconds.toFixed(1)} s`);
  return seconds;
}
