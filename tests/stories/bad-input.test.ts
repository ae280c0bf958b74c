import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { declareApprovers, mustSumveil, pinRoster, sumveil } from '@sumveil/constellation';
import { encodeRoster } from '@sumveil/secagg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { announce, connectorTls, managementTls, rawCaller, tokenFor } from './callers.ts';
import { enrolWith, foreignTls, joinStringOf } from './enrolments.ts';
import { hold, letPass } from './held-phase.ts';
import { openRows, type Rows } from './rows.ts';
import { type StoryWorld, startStory } from './story-world.ts';
import { artifact, plainSum, publishedSum, readRound } from './sums.ts';
import { type ToyPlan, toyPlan } from './toy-plan.ts';
import { toyTenants } from './toy-table.ts';

const unknownDigest = `sha256:${'0'.repeat(64)}`;

describe('bad input is refused with code, reason and next step, and nothing is lost', () => {
  let world: StoryWorld;
  let rows: Rows;
  let plan: ToyPlan;
  let planFile: string;

  beforeAll(async () => {
    world = await startStory({ tenants: (folder) => toyTenants(folder, 5), bare: true });
    rows = await openRows(world);
    planFile = join(world.folder, 'toy.yaml');
    plan = await toyPlan(
      world.tenants.map(({ ref }) => ref),
      { trainRounds: 1 },
    );
    writeFileSync(planFile, plan.yaml);
  }, 180_000);

  afterAll(async () => {
    await rows?.close();
    await world?.stop();
  }, 60_000);

  const count = async (table: string) => (await rows.one<{ n: number }>(`SELECT count(*)::int n FROM ${table}`)).n;

  describe('a roster with a foreign key in the tenant’s own row', () => {
    it('is not pinned by that tenant’s connector; the right one is, afterwards', async () => {
      const [victim, other] = world.tenants as [(typeof world.tenants)[0], (typeof world.tenants)[0]];
      const file = join(world.folder, 'draft.json');
      await mustSumveil(['roster', 'draft', '--out', file], world.as('operator'));
      const draft = JSON.parse(readFileSync(file, 'utf8'));
      const own = draft.members.find(({ tenantRef }: { tenantRef: string }) => tenantRef === victim.ref);
      own.rosterKey = Buffer.alloc(32, 7).toString('base64url');
      const body = encodeRoster(draft);
      // The publication is made by somebody who holds the database: the API takes only what has enrolled.
      writeFileSync(file, body);
      const refused = await sumveil(['roster', 'publish', file], world.as('operator'));
      expect(refused.error).toMatchObject({ code: 'CONFLICT' });
      await rows.all(
        `INSERT INTO roster (hash, roster_id, epoch, body) VALUES (sha256($1), 'sumveil.example', 1, $1)`,
        [body],
      );
      const { hash } = await rows.one<{ hash: Buffer }>('SELECT hash FROM roster');
      const shown = await sumveil<{ offered: { ownRow: string } }>(['connector', 'roster', 'show'], {
        state: victim.stateDir,
      });
      expect(shown.value.offered.ownRow).toBe('other-keys');
      const pin = await sumveil(['connector', 'roster', 'pin', hash.toString('hex')], { state: victim.stateDir });
      expect(pin.exit).toBe(1);
      expect(pin.error).toMatchObject({ code: 'ROSTER_REFUSED' });
      expect(pin.error!.message).toMatch(/refused/i);
      expect(pin.error!.next).not.toBe('');
      const status = await mustSumveil<{ roster: unknown }>(['connector', 'status'], { state: victim.stateDir });
      expect(status.roster).toBeNull();
      expect(other.ref).not.toBe(victim.ref);
      await rows.all('DELETE FROM roster');
      await pinRoster(world);
      await declareApprovers(world);
    });
  });

  describe('enrolment', () => {
    it('takes no join string after its hour, and a new one at once', async () => {
      const tenant = world.tenants[0]!;
      const joinString = await joinStringOf(world, tenant);
      await rows.all(`UPDATE join_token SET expires_at = now() - interval '1 second' WHERE used_at IS NULL`);
      const before = await count('connector');
      expect(await enrolWith(world, joinString)).toMatchObject({
        code: 'ENROLMENT_REFUSED',
        detail: expect.stringMatching(/too old/),
        next: expect.stringMatching(/new join string/),
      });
      expect(await count('connector')).toBe(before);
      expect(await enrolWith(world, await joinStringOf(world, tenant))).toMatchObject({ tenantRef: tenant.ref });
      expect(await count('connector')).toBe(before + 1);
    });

    it('takes no join string twice, and logs the refusal without the token', async () => {
      const tenant = world.tenants[1]!;
      const joinString = await joinStringOf(world, tenant);
      await enrolWith(world, joinString);
      const before = [await count('connector'), await count('certificate')];
      const refused = await enrolWith(world, joinString);
      expect(refused).toMatchObject({ code: 'ENROLMENT_REFUSED', next: expect.stringMatching(/new join string/) });
      expect([await count('connector'), await count('certificate')]).toEqual(before);
      await rows.until('the leaf', `SELECT 1 FROM audit_leaf WHERE convert_from(leaf, 'UTF8') LIKE $1`, [
        `%${tenant.ref}%connector.enrol_refused%`,
      ]);
      const leaves = await rows.leaves('connector.enrol_refused');
      expect(leaves.at(-1)).toMatchObject({ tenantRef: tenant.ref, code: 'JOIN' });
      expect(JSON.stringify(leaves)).not.toContain(joinString);
    });
  });

  describe('the connector listener', () => {
    it('talks to no certificate of another authority, though the name in it is right, and to none without one', async () => {
      const tenant = world.tenants[2]!;
      const { chain } = await rows.one<{ chain: string }>(
        `SELECT chain_pem chain FROM certificate ce JOIN connector co ON co.name = ce.connector_name
          WHERE co.tenant_ref = $1`,
        [tenant.ref],
      );
      const ask = { method: 'GET', path: '/v1/roster' } as const;
      for (const tls of [await foreignTls(world, tenant, chain), managementTls(world)]) {
        const stranger = rawCaller(world.urls.connector, tls);
        await expect(stranger.send(ask)).rejects.toThrow(/socket|closed|alert|certificate|ECONNRESET/i);
        await stranger.close();
      }
      const right = rawCaller(world.urls.connector, connectorTls(tenant));
      expect((await right.send(ask)).status).toBe(200);
      await right.close();
    });

    it('takes no body above the limit of the route', async () => {
      const path = `/v1/attempts/${'A'.repeat(43)}/chunks/0/0`;
      const headers = { 'content-type': 'application/octet-stream' };
      const body = { method: 'PUT', path, headers, length: 2 ** 23 + 1 } as const;
      const { status, problem } = await announce(world.urls.connector, connectorTls(world.tenants[2]!), body);
      expect([status, problem.code]).toEqual([413, 'TOO_LARGE']);
      expect(problem.detail).toContain(String(2 ** 23));
      expect(problem.next).not.toBe('');
      expect(await count('chunk')).toBe(0);
    });
  });

  describe('a plan', () => {
    it('with unknown fields is refused with the path of every fault, by the coordinator and without it', async () => {
      const text = plan.yaml.replace('leaseSeconds: 8', 'leaseSeconds: 8\nsurprise: 1').replace('clip: 10', 'clip: -1');
      writeFileSync(planFile, text);
      for (const command of ['validate', 'submit']) {
        const { exit, error } = await sumveil(['plan', command, planFile], world.as('operator'));
        expect(exit, command).toBe(1);
        expect(error, command).toMatchObject({ code: 'PLAN_INVALID', next: expect.stringMatching(/every fault/i) });
        expect(error!.faults.map(({ path }) => path).toSorted(), command).toEqual(['aggregation.clip', 'surprise']);
      }
      expect(await count('plan')).toBe(0);
      writeFileSync(planFile, plan.yaml);
      expect(await mustSumveil(['plan', 'validate', planFile], {})).toMatchObject({ planDigest: plan.planDigest });
      expect(await world.submit(plan)).toBe(plan.planDigest);
    });

    it('that is too large is refused unsent by the command line, and unread by the coordinator', async () => {
      const large = `${plan.yaml}# ${'x'.repeat(262_144)}\n`;
      writeFileSync(planFile, large);
      const { exit, error } = await sumveil(['plan', 'submit', planFile], world.as('operator'));
      expect(exit).toBe(1);
      expect(error!.message).toContain('at most 262144 bytes');
      expect(error!.next).not.toBe('');
      const headers = {
        authorization: `Bearer ${await tokenFor(world, world.operator)}`,
        'content-type': 'application/yaml',
      };
      const body = { method: 'POST', path: '/v1/plans', headers, length: 262_145 } as const;
      const { status, problem } = await announce(world.urls.management, managementTls(world), body);
      expect([status, problem.code]).toEqual([413, 'TOO_LARGE']);
      expect(problem.detail).toContain('262144');
      expect(problem.next).not.toBe('');
      expect(await count('plan')).toBe(1);
    });

    it('changed by one byte after its approval is another plan that nobody approved', async () => {
      await world.approve(plan.planDigest);
      const altered = { yaml: plan.yaml.replace('clip: 10', 'clip: 11'), model: plan.model };
      const digest = await world.submit(altered);
      expect(digest).not.toBe(plan.planDigest);
      const { exit, value } = await world.start(digest);
      expect(exit).toBe(2);
      expect(value).toMatchObject({ runId: null, decision: { effect: 'deny' } });
      expect(await count('run')).toBe(0);
    });

    it('of others looks exactly like one that does not exist', async () => {
      const members = world.tenants.slice(0, 4).map(({ ref }) => ref);
      const theirs = await world.submit(await toyPlan(members, { name: 'theirs' }));
      const stranger = world.tenants[4]!.admin;
      const headers = { authorization: `Bearer ${await tokenFor(world, stranger)}` };
      const caller = rawCaller(world.urls.management, managementTls(world));
      const ask = async (digest: string, what: string) => {
        const { status, type, bytes } = await caller.send({
          method: 'GET',
          path: `/v1/plans/${digest}/${what}`,
          headers,
        });
        return { status, type, text: bytes.toString().replace(/"correlationId":"[^"]*"/, '') };
      };
      for (const what of ['file', 'approvals']) {
        const [present, absent] = [await ask(theirs, what), await ask(unknownDigest, what)];
        expect(present).toEqual(absent);
        expect(present.status).toBe(404);
      }
      await caller.close();
    });
  });

  describe('data of one tenant', () => {
    const faulty = async (alter: (lines: string[]) => string[]) => {
      const { csv } = world.tenants[4]!;
      copyFileSync(csv, `${csv}.good`);
      writeFileSync(csv, alter(readFileSync(csv, 'utf8').trim().split('\n')).join('\n'));
      const { value } = await world.start(plan.planDigest);
      const { run, rounds } = await world.watch(value.runId!);
      copyFileSync(`${csv}.good`, csv);
      const status = await mustSumveil<{ warnings: string[] }>(['connector', 'status'], {
        state: world.tenants[4]!.stateDir,
      });
      const refusals = await rows.all<{ tenant_ref: string; code: string; field: number }>(
        'SELECT DISTINCT tenant_ref, code, field FROM gate_refusal WHERE run_id = $1',
        [run.runId],
      );
      return { run, rounds, refusals, warning: status.warnings.find((text) => text.includes(run.runId)) ?? '' };
    };

    it('with a number that is none keeps that tenant out by its own gate; the others go on', async () => {
      const { run, rounds, refusals, warning } = await faulty((lines) =>
        lines.with(3, '987654.321,left,yes').with(5, 'NaN,left,yes'),
      );
      expect(run.state).toBe('completed');
      expect(rounds.map(({ survivors }) => survivors)).toEqual([4, 4, 4]);
      expect(refusals).toEqual([{ tenant_ref: world.tenants[4]!.ref, code: 'GATE_DATA', field: 1 }]);
      // The report at the site names column and rule; no value stands in it.
      expect(warning).toMatch(/GATE_DATA/);
      expect(warning).toMatch(/load/);
      expect(warning).not.toMatch(/987654|NaN/);
    });

    it('with one class only keeps that tenant out the same way', async () => {
      const { run, rounds, refusals, warning } = await faulty((lines) =>
        lines.map((line) => line.replace(/,yes$/, ',no')),
      );
      expect(run.state).toBe('completed');
      expect(rounds.map(({ survivors }) => survivors)).toEqual([4, 4, 4]);
      expect(refusals).toMatchObject([{ tenant_ref: world.tenants[4]!.ref, code: 'GATE_DATA' }]);
      expect(warning).toMatch(/ONE_CLASS.*broken/);
    });
  });

  describe('a chunk', () => {
    it('cut short, torn or with other content than accepted leaves what was accepted untouched', async () => {
      const tenant = world.tenants[4]!;
      await hold(rows, 'm2', tenant, 1);
      const { value } = await world.start(plan.planDigest);
      const runId = value.runId!;
      const attempt = await rows.until<{ hash: Buffer; digest: string; size: number }>(
        'the tenant’s chunk',
        `SELECT a.plan_hash hash, c.digest, c.size FROM chunk c JOIN attempt a ON a.id = c.attempt_id
          WHERE a.run_id = $1 AND c.idx = $2 AND c.segment = 1 AND c.chunk = 0`,
        [runId, tenant.idx],
      );
      const peer = rawCaller(world.urls.connector, connectorTls(tenant));
      const put = (body: Buffer, chunk = 0) =>
        peer.send({
          method: 'PUT',
          path: `/v1/attempts/${attempt.hash.toString('base64url')}/chunks/1/${chunk}`,
          headers: { 'content-type': 'application/octet-stream' },
          body,
        });
      const good = artifact(world, attempt.digest);
      const other = Buffer.from(good.map((byte) => byte ^ 1));
      const accepted = () =>
        rows.all('SELECT * FROM chunk WHERE idx = $1 ORDER BY attempt_id, segment, chunk', [tenant.idx]);
      const before = await accepted();

      const short = await put(good.subarray(0, good.length - 8));
      expect([short.status, short.problem.code]).toEqual([422, 'MESSAGE_REFUSED']);
      expect(short.problem.detail).toContain(`${good.length - 8} bytes came, ${good.length} were expected`);
      expect(short.problem.next).not.toBe('');
      const swapped = await put(other);
      expect([swapped.status, swapped.problem.code]).toEqual([409, 'CONFLICT']);
      expect(swapped.problem.next).not.toBe('');
      const beyond = await put(good, 99);
      expect(beyond.problem.code).toBe('MESSAGE_REFUSED');
      expect((await put(good)).status).toBe(200);
      expect(await accepted()).toEqual(before);
      await peer.close();

      await letPass(rows, 'm2');
      const { run, rounds } = await world.watch(runId);
      expect(run.state).toBe('completed');
      expect(rounds.map(({ survivors }) => survivors)).toEqual([5, 5, 5]);
      const round = await readRound(world, rows, runId, 2);
      expect(await publishedSum(world, rows, round)).toEqual(await plainSum(round, world.tenants));
    });
  });
});
