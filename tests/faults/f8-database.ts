import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { managementTls, rawCaller, tokenFor } from '../stories/callers.ts';
import type { LongRun } from './long-run.ts';

/** F8: Postgres goes through crash recovery, as after a kill of any of its processes. */
export function databaseRestarts(run: () => LongRun): void {
  it('F8: Postgres restarted in mid-round and between requests: 503 with Retry-After, then one effect', async () => {
    const { world, stopNextAt } = run();
    const held = await stopNextAt({ phase: 'masked', at: 'answer', idx: world.tenants[4]!.idx, waits: false });
    const caller = rawCaller(world.urls.management, managementTls(world));
    const [name, key] = ['A tenant more', randomUUID()];
    const headers = {
      authorization: `Bearer ${await tokenFor(world, world.operator)}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    };
    const body = JSON.stringify({ name, region: 'EU' });
    const ask = () => caller.send({ method: 'POST', path: '/v1/tenants', headers, body });
    // The insert stands in the middle of its transaction when the server goes down.
    await world.rows.all(`
      CREATE FUNCTION held.on_tenant() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(7103, 1); PERFORM pg_sleep(1); RETURN NEW; END $$;
      CREATE TRIGGER held BEFORE INSERT ON tenant FOR EACH ROW EXECUTE FUNCTION held.on_tenant();`);
    const first = ask();
    const { pid } = await world.rows.until<{ pid: number }>(
      'the insert',
      'SELECT pid FROM pg_locks WHERE locktype = $1 AND classid = 7103 AND granted',
      ['advisory'],
    );
    process.kill(pid, 'SIGKILL');
    const answers = [await first];
    while (answers.at(-1)!.status !== 201) {
      expect([503, 409], answers.at(-1)!.bytes.toString()).toContain(answers.at(-1)!.status);
      answers.push(await ask());
    }
    expect(answers[0]!.status).toBe(503);
    expect(answers[0]!.retryAfter).toBeGreaterThan(0);
    const again = await ask();
    expect([again.status, again.bytes]).toEqual([201, answers.at(-1)!.bytes]);
    await caller.close();
    expect(await world.rows.all('SELECT 1 FROM tenant WHERE name = $1', [name])).toHaveLength(1);
    await held.lift();
    await held.released(5);
  });
}
