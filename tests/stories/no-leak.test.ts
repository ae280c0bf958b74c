import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decideOn, mustSumveil } from '@sumveil/constellation';
import { parseJoinString } from '@sumveil/identity';
import { readBundleZip } from '@sumveil/transparency';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Held,
  heldInDatabase,
  heldInFolders,
  heldInQueue,
  opened,
  placesOf,
  placesOfNumbers,
} from './evidence.ts';
import { openRows, type Rows } from './rows.ts';
import { type StoryWorld, startStory } from './story-world.ts';
import { type Plain, plainUpdate, readRound } from './sums.ts';
import { toyPlan } from './toy-plan.ts';
import { toyTable, toyTenants } from './toy-table.ts';

const CANARY = { column: 'kanarie_kolom', value: 'kanarie-waarde', tenant: 'Kanarienhaus', ticket: 'KANARIE' };
/** A number of rows that nothing else counts. */
const rowsOf = (i: number) => 12_007 + 26 * i;
const loadOf = (i: number) => `3.1415926${i}`;

describe('after a whole run the coordinator’s side', () => {
  let world: StoryWorld;
  let rows: Rows;
  let held: Held[];
  let bundle: Held[];
  let logs: Held[];
  let keys: Held[];
  /** What each tenant computed in the two training rounds and the evaluation. */
  let computed: Plain[];

  beforeAll(async () => {
    world = await startStory({
      tenants: (folder) =>
        toyTenants(folder, 5, canaryTable).map((tenant, i) => ({ ...tenant, name: `${CANARY.tenant} ${i + 1}` })),
    });
    rows = await openRows(world);
    const members = world.tenants.map(({ ref }) => ref);
    const digest = await world.submit(await toyPlan(members, { maxRows: 16_384 }));
    for (const tenant of world.tenants) {
      await decideOn(world, digest, tenant, tenant.steward, { ticket: `jira:${CANARY.ticket}-${tenant.idx}1` });
      await decideOn(world, digest, tenant, tenant.officer, { ticket: `jira:${CANARY.ticket}-${tenant.idx}2` });
    }
    const { value } = await world.start(digest);
    const { run } = await world.watch(value.runId!);
    expect(run.state).toBe('completed');
    const out = join(world.folders.auditor, 'bundle.zip');
    const argv = ['audit', 'export', run.model, String(run.version), '--reason', 'story', '--out', out];
    await mustSumveil(argv, world.as('auditor'));

    const files = [...readBundleZip(readFileSync(out))];
    bundle = files.map(([name, bytes]) => ({ where: `bundle/${name}`, bytes: Buffer.from(bytes) }));
    logs = heldInFolders(world, ['logs']).filter(
      ({ where }) => !where.includes('connector') && !where.includes('oidc'),
    );
    const folders = heldInFolders(world, ['api', 'worker', 'signer', 'artifacts']);
    const database = [...(await heldInDatabase(rows)), ...(await heldInQueue(rows))];
    held = opened([...database, ...logs, ...folders, ...bundle]);
    keys = tenantKeys();
    computed = [];
    for (const round of [2, 3, 4]) {
      const row = await readRound(world, rows, run.runId, round);
      for (const tenant of world.tenants) computed.push(await plainUpdate(row, tenant));
    }
  }, 240_000);

  afterAll(async () => {
    await rows?.close();
    await world?.stop();
  }, 60_000);

  /** Every file with a private key of a tenant's connector or of its approvers. */
  function tenantKeys(): Held[] {
    const files = world.tenants.flatMap(({ stateDir, steward, officer }) => [
      ...['roster.key', 'witness.key', 'tls.key'].map((name) => join(stateDir, name)),
      ...[steward, officer].map(({ folder }) => join(folder, 'approver.key')),
    ]);
    return files.map((path) => ({ where: path, bytes: readFileSync(path) }));
  }

  it('was looked at in all its parts', () => {
    const parts = new Set(held.map(({ where }) => where.split(/[./ ]/)[0]));
    for (const part of ['tenant', 'attempt', 'message', 'chunk', 'audit_leaf', 'policy_decision', 'logs', 'bundle'])
      expect(parts, part).toContain(part);
    for (const part of ['api', 'worker', 'signer', 'artifacts']) expect(parts, part).toContain(part);
    expect(keys).toHaveLength(25);
    expect(logs.some(({ bytes }) => bytes.includes('"event"'))).toBe(true);
    // The search finds what is there: the plan, and inside of an envelope an approver.
    expect(placesOf(held, ['leaseSeconds'])).toContain('plan.bytes');
    expect(placesOf(held, [world.tenants[0]!.steward.ref])).toContain('approval.envelope (base64)');
  });

  it('holds no private key of a tenant or an approver, in no writing', () => {
    const needles = keys.flatMap(({ bytes }) => {
      const key = createPrivateKey(bytes);
      const secret = Buffer.from(key.export({ format: 'jwk' }).d!, 'base64url');
      const lines = bytes
        .toString()
        .split('\n')
        .filter((line) => line.length >= 40 && !line.includes('-'));
      return [secret, secret.toString('hex'), secret.toString('base64url'), secret.toString('base64'), ...lines];
    });
    expect(placesOf(held, needles)).toEqual([]);
  });

  it('holds no secret of a person and no join string', () => {
    const people = [world.operator, world.auditor].concat(
      world.tenants.flatMap(({ admin, steward, officer }) => [admin, steward, officer]),
    );
    const joins = world.tenants.map(({ admin }) => readFileSync(join(admin.folder, 'join-string'), 'utf8').trim());
    const tokens = joins.flatMap((text) => {
      const { token } = parseJoinString(text);
      return [token, token.toString('hex'), token.toString('base64url'), text];
    });
    expect(
      placesOf(
        held,
        people.map(({ secret }) => secret),
      ),
    ).toEqual([]);
    expect(placesOf(held, tokens)).toEqual([]);
  });

  it('holds no update of a tenant, neither as numbers nor as the integers that were masked', () => {
    const needles = computed.flatMap(({ result, model, aux }) => [
      ...(model.length > 0 ? [bytesOf(model), bytesOf(result.update)] : []),
      ...[...result.update].map((value) => bytesOf(Float64Array.of(value))),
      ...[...result.update].map(String).filter((text) => text.length > 9),
      bytesOf(aux.subarray(0, 6)),
    ]);
    expect(needles.length).toBeGreaterThan(60);
    expect(placesOf(held, needles)).toEqual([]);
  });

  it('holds no number of rows and no metric of a single tenant', () => {
    const metrics = computed.flatMap(({ result }) => Object.values(result.aux).flat());
    const own = world.tenants.flatMap(({ resultsFile }) => numbersIn(JSON.parse(readFileSync(resultsFile, 'utf8'))));
    const counts = world.tenants.flatMap((_, i) => [
      rowsOf(i),
      Math.round(rowsOf(i) * 0.75),
      Math.round(rowsOf(i) / 4),
    ]);
    const telling = [...metrics, ...own].filter((value) => !Number.isInteger(value) && String(value).length > 9);
    expect(telling.length).toBeGreaterThan(20);
    const federated = (metric: number) =>
      held.some(({ where, bytes }) => where === 'evaluation.metrics' && bytes.includes(String(metric)));
    expect(
      placesOfNumbers(
        held,
        telling.filter((value) => !federated(value)),
      ),
    ).toEqual([]);
    const large = metrics.filter((value) => Number.isInteger(value) && value > 2_000);
    expect(placesOfNumbers(held, [...counts, ...large])).toEqual([]);
  });

  it('holds no name of a column, no cell and no name of a person or organisation outside of the identity tables', () => {
    expect(placesOf(held, [CANARY.column, CANARY.value])).toEqual([]);
    expect(
      placesOf(
        held,
        world.tenants.map((_, i) => loadOf(i)),
      ),
    ).toEqual([]);
    expect(placesOf(held, [CANARY.tenant])).toEqual(['app_user.name', 'tenant.name']);
  });

  it('has ticket ids where people look for evidence, and in no log', () => {
    const places = placesOf(held, [CANARY.ticket]);
    expect(places).toContain('approval.ticket_id');
    expect(places.filter((where) => /^(logs|api|worker|signer)/.test(where))).toEqual([]);
  });
});

function canaryTable(i: number) {
  const { header, rows } = toyTable(i + 1, rowsOf(i));
  return {
    header: [...header, CANARY.column],
    rows: rows.map((cells, row) => [
      row === 0 ? loadOf(i) : cells[0]!,
      ...cells.slice(1),
      `${CANARY.value}-${i}-${row}`,
    ]),
  };
}

function bytesOf(array: Int32Array | Float64Array | BigInt64Array): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

function numbersIn(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersIn) : [];
}
