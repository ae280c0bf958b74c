import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandLine, commandLines, exitCode } from '@sumveil/cli';
import type { Diagnosis } from '@sumveil/client';
import { mustSumveil, sumveil } from '@sumveil/constellation';
import { readBundleZip, writeBundleZip } from '@sumveil/transparency';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunStatus, type StoryWorld, startStory } from './story-world.ts';
import { toyPlan } from './toy-plan.ts';
import { toyTenants } from './toy-table.ts';

const document = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
const commands = commandLines().map((command): [string, CommandLine] => [command.words.join(' '), command]);

/** A command line with something for every argument and required option, in files that are not there. */
function lineOf({ words, arguments: names, options }: CommandLine): string[] {
  const required = options.filter((option) => option.required);
  const given = required.flatMap(({ flags, choices }) => [flags.split(' ')[0]!, choices?.[0] ?? 'given']);
  return [...words, ...names.map((name) => `/absent/${name}`), ...given];
}

describe('every command', () => {
  it.each(commands)(
    '%s answers with one JSON value under --json, with a code and a next step when it fails',
    async (_, command) => {
      const { exit, value, error } = await sumveil<{ checks?: { next: string }[] }>(lineOf(command), {});
      expect(Object.values(exitCode)).toContain(exit);
      expect(exit).not.toBe(exitCode.internal);
      expect(exit).not.toBe(exitCode.ok);
      if (value.checks) {
        for (const { next } of value.checks) expect(next).not.toBe('');
        return;
      }
      expect(error).toMatchObject({ code: expect.stringMatching(/^[A-Z_]+$/), message: expect.any(String) });
      expect(error!.next).not.toBe('');
    },
  );

  it.each(commands)('%s says in JSON that its form is wrong', async (_, command) => {
    const { exit, error } = await sumveil([...lineOf(command), '--no-such-option'], {});
    expect(exit).toBe(64);
    expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining('--no-such-option') });
  });

  it.each(commands)('%s stands in docs/cli.md with its arguments and options', (name, command) => {
    const line = document
      .split('\n')
      .find((row) => row.startsWith(`| \`sumveil ${name}`) && row.includes(command.summary));
    expect(line).toBeDefined();
    for (const argument of command.arguments) expect(line).toContain(`<${argument}>`);
    for (const { flags } of command.options) expect(line).toContain(flags);
  });

  it('ends with a code that docs/cli.md explains', () => {
    for (const code of [...Object.values(exitCode), 3]) expect(document).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'));
    for (let code = 10; code <= 22; code++) expect(document).toMatch(new RegExp(`^\\| ${code} \\| [A-Z]+ \\|`, 'm'));
  });
});

describe('sumveil plan validate', () => {
  it('lists every fault at once, without a coordinator', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sumveil-plan-'));
    const file = join(folder, 'plan.yaml');
    const { yaml } = await toyPlan(['aaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb'], {
      minCohort: 2,
      alter: (plan) => ({
        ...plan,
        name: 'no spaces here',
        unheard: true,
        privacy: { mechanism: 'magic' },
        leaseSeconds: 1,
        aggregation: { clip: 0, chunkElems: 1 },
      }),
    });
    writeFileSync(file, yaml);
    const { exit, error } = await sumveil(['plan', 'validate', file], {});
    rmSync(folder, { recursive: true });
    expect(exit).toBe(1);
    expect(error!.code).toBe('PLAN_INVALID');
    expect(error!.faults.map(({ path }) => path).toSorted()).toEqual([
      'aggregation.chunkElems',
      'aggregation.clip',
      'leaseSeconds',
      'name',
      'privacy.mechanism',
      'unheard',
    ]);
    for (const { message } of error!.faults) expect(message).not.toBe('');
  });
});

describe('with a coordinator, five connectors and a finished run', () => {
  let world: StoryWorld;
  let status: RunStatus;
  let bundle: string;
  let trust: string;
  let planDigest: string;

  beforeAll(async () => {
    world = await startStory({ tenants: (folder) => toyTenants(folder, 5) });
    const plan = await toyPlan(
      world.tenants.map(({ ref }) => ref),
      { trainRounds: 1 },
    );
    planDigest = plan.planDigest;
    status = await world.complete(plan);
    expect(status.rounds.map(({ phase }) => phase)).toEqual(['released', 'released', 'released']);
    bundle = join(world.folders.auditor, 'bundle.zip');
    trust = join(world.folders.auditor, 'trust.json');
    const { model, version } = status.run;
    const argv = ['audit', 'export', model, String(version), '--reason', 'story', '--out', bundle];
    await mustSumveil(argv, world.as('auditor'));
    await mustSumveil(['connector', 'roster', 'show', '--trust', trust], { state: world.tenants[0]!.stateDir });
  }, 180_000);

  afterAll(async () => {
    await world?.stop();
  }, 60_000);

  it('answers what people ask', async () => {
    const { model, version, runId } = status.run;
    const out = join(world.folder, 'out');
    const asked: string[][] = [
      ['tenant', 'list'],
      ['roster', 'status'],
      ['plan', 'list'],
      ['plan', 'show', planDigest],
      ['approvals', 'list', planDigest],
      ['run', 'list'],
      ['run', 'status', runId],
      ['run', 'watch', runId],
      ['model', 'list'],
      ['model', 'export', model, String(version), '--out', out],
      ['doctor'],
    ];
    for (const argv of asked) {
      const { exit, value } = await sumveil(argv, world.as('operator'));
      expect(exit, argv.join(' ')).toBe(0);
      expect(value, argv.join(' ')).toBeTypeOf('object');
    }
    expect(readFileSync(out).length).toBeGreaterThan(0);
  });

  it('answers what a tenant’s admin asks the own connector', async () => {
    const as = { state: world.tenants[1]!.stateDir };
    for (const command of [
      'status',
      'egress',
      'results',
      'probe live',
      'probe ready',
      'roster show',
      'approvers list',
    ]) {
      const { exit } = await sumveil(['connector', ...command.split(' ')], as);
      expect(exit, command).toBe(0);
    }
    const { exit, value } = await sumveil<Diagnosis>(['connector', 'doctor'], as);
    expect(value.checks.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect([exit, value.verdict]).toEqual([0, 'healthy']);
    const both = await sumveil<Diagnosis>(['doctor'], { ...as, ...world.as('operator') });
    expect(both.value.checks.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(both.value.checks.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['own network', 'own contract', 'network', 'tls', 'clock', 'version', 'token', 'roster']),
    );
  });

  it('verifies the bundle offline with the tenant’s trust file', async () => {
    const { exit, value } = await sumveil<{ verdict: string; checks: { ok: boolean }[] }>(
      ['audit', 'verify', bundle, '--trust', trust],
      {},
    );
    expect(value.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect([value.verdict, exit]).toEqual(['VERIFIED', 0]);
  });

  it('says that it is anchored to nothing without it, and shows what to compare', async () => {
    const { exit, value } = await sumveil<{ verdict: string; fingerprint: string }>(['audit', 'verify', bundle], {});
    expect([value.verdict, exit]).toEqual(['UNANCHORED', 3]);
    const roster = await mustSumveil<{ fingerprint: string }>(['roster', 'status'], world.as('operator'));
    expect(value.fingerprint).toBe(roster.fingerprint);
  });

  it.each([
    ['a changed plan', /^plan\//, (bytes: Uint8Array) => Buffer.from(bytes).fill('#', 0, 1), 11],
    [
      'a changed leaf',
      /^log\/leaves/,
      (bytes: Uint8Array) =>
        Buffer.from(
          Buffer.from(bytes)
            .toString()
            .replace(/granted/, 'refused'),
        ),
      11,
    ],
    ['a missing approval', /^approvals\//, () => undefined, 11],
  ])('refuses a bundle with %s', async (_, name, change, code) => {
    const files = new Map(readBundleZip(readFileSync(bundle)));
    const file = [...files.keys()].find((key) => name.test(key))!;
    const changed = change(files.get(file)!);
    if (changed) files.set(file, changed);
    else files.delete(file);
    const tampered = join(world.folder, 'tampered.zip');
    writeFileSync(tampered, writeBundleZip(files));
    const { exit, value } = await sumveil<{ checks: { ok: boolean; detail: string }[] }>(
      ['audit', 'verify', tampered, '--trust', trust],
      {},
    );
    expect(exit).toBe(code);
    expect(JSON.stringify(value.checks.filter(({ ok }) => !ok))).toContain(file);
  });

  it('tells a doctor’s patient what is wrong: address, secret, stopped connector', async () => {
    const { profile } = world.as('operator');
    const own = JSON.parse(readFileSync(profile, 'utf8'));
    const other = join(world.folder, 'other.json');
    writeFileSync(other, JSON.stringify({ ...own, url: 'https://127.0.0.1:9' }), { mode: 0o600 });
    const away = await sumveil<Diagnosis>(['doctor'], { profile: other });
    expect([away.exit, away.value.verdict]).toEqual([1, 'broken']);
    expect(away.value.reason).toContain('ECONNREFUSED');
    expect(away.value.next).not.toBe('');
    expect((await sumveil(['run', 'list'], { profile: other })).exit).toBe(69);
    const wrong = join(world.folder, 'wrong-secret');
    writeFileSync(wrong, 'x'.repeat(43), { mode: 0o600 });
    writeFileSync(other, JSON.stringify({ ...own, secretFile: wrong }), { mode: 0o600 });
    expect((await sumveil(['run', 'list'], { profile: other })).exit).toBe(77);
    const stranger = await sumveil<Diagnosis>(['doctor'], { profile: other });
    expect([stranger.exit, stranger.value.reason]).toEqual([1, expect.stringMatching(/^token: /)]);
    expect((await sumveil(['doctor'], {})).exit).toBe(64);
    const tenant = world.tenants[2]!;
    await tenant.connector!.stop();
    const stopped = await sumveil(['connector', 'status'], { state: tenant.stateDir });
    expect(stopped.exit).toBe(69);
    expect(stopped.error).toMatchObject({ code: 'NOT_RUNNING', next: expect.stringMatching(/start/i) });
    const gone = await sumveil<Diagnosis>(['doctor'], { state: tenant.stateDir });
    expect([gone.exit, gone.value.reason]).toEqual([1, expect.stringMatching(/^process: /)]);
  });
});
