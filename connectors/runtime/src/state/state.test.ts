import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_MANIFEST, NOTHING_FINISHED } from './attempts.ts';
import { openState, type State } from './state.ts';

const opened: State[] = [];
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sumveil-state-'));
});
afterEach(() => {
  for (const state of opened.splice(0)) state.close();
  rmSync(folder, { recursive: true });
});
function open(): State {
  const state = openState(folder);
  opened.push(state);
  return state;
}
const row = { runId: 'run-1', round: 1, attempt: 0, planHash: 'p1' };

/** Another process that opens the state file, writes rows and says so after each commit. */
const writer = `
  import { openState } from ${JSON.stringify(new URL('./state.ts', import.meta.url).href)};
  const state = openState(process.argv[1]);
  for (let i = 0; ; i++) {
    state.egress.record({ what: 'm0', digest: 'sha256:' + i, bytes: i }, i);
    process.stdout.write(i + '\\n');
  }`;

describe('state file', () => {
  it('refuses a second process while one has it open, and opens again afterwards', async () => {
    const first = open();
    const script = `import { openState } from ${JSON.stringify(new URL('./state.ts', import.meta.url).href)};
      try { openState(process.argv[1]); } catch (error) { process.stdout.write(error.code); }`;
    const second = spawn(process.execPath, ['--input-type=module', '-e', script, folder]);
    const [said] = await once(second.stdout, 'data');
    expect(String(said)).toBe('STATE_BUSY');
    first.close();
    opened.splice(0);
    expect(open().egress.list()).toEqual([]);
  });

  it('loses no row that was committed before kill -9', async () => {
    const process_ = spawn(process.execPath, ['--input-type=module', '-e', writer, folder]);
    let said = '';
    process_.stdout.on('data', (part) => {
      said += part;
      if (said.split('\n').length > 40) process_.kill('SIGKILL');
    });
    await once(process_, 'close');
    const last = Number(said.trimEnd().split('\n').at(-1));
    const digests = new Set(
      open()
        .egress.list({ limit: 100_000 })
        .map((entry) => entry.digest),
    );
    expect(last).toBeGreaterThan(30);
    for (let i = 0; i <= last; i++) expect(digests).toContain(`sha256:${i}`);
  });

  it('keeps its files for the owner alone', () => {
    open();
    expect(readdirSync(folder)).toContain('state.sqlite');
    expect(readFileSync(join(folder, 'state.sqlite')).subarray(0, 6).toString()).toBe('SQLite');
  });
});

describe('attempts', () => {
  it('sets every flag once, and never both m4Sent and aborted, whichever comes first', () => {
    const { attempts } = open();
    attempts.open(row, 1);
    attempts.open({ ...row, attempt: 1, planHash: 'p2' }, 1);
    expect([attempts.markM2('p1'), attempts.markM2('p1')]).toEqual([true, false]);
    expect([attempts.markM3('p1'), attempts.markM3('p1')]).toEqual([true, false]);
    expect([attempts.markM4('p1'), attempts.markM4('p1'), attempts.markAborted('p1')]).toEqual([true, false, false]);
    expect([attempts.markAborted('p2'), attempts.markM4('p2'), attempts.markM2('p2')]).toEqual([true, false, false]);
    expect(attempts.byPlan('p1')).toMatchObject({ m2Sent: true, m3Sent: true, m4Sent: true, aborted: false });
    expect(attempts.byPlan('p2')).toMatchObject({ m2Sent: false, m4Sent: false, aborted: true });
  });

  it('takes one plan for a (run, round, attempt)', () => {
    const { attempts } = open();
    attempts.open(row, 1);
    expect(() => attempts.open({ ...row, planHash: 'other' }, 1)).toThrow();
  });

  it('moves the last manifest only forward along its chain', () => {
    const { attempts } = open();
    const made = { planDigest: 'plan', model: 'model' };
    expect(attempts.job('run-1')).toEqual(NOTHING_FINISHED);
    expect(attempts.finish('run-1', { ...made, round: 1, previous: NO_MANIFEST, manifest: 'm1' })).toBe(true);
    expect(attempts.finish('run-1', { ...made, round: 2, previous: NO_MANIFEST, manifest: 'x' })).toBe(false);
    expect(attempts.finish('run-1', { ...made, round: 1, previous: 'm1', manifest: 'x' })).toBe(false);
    expect(attempts.finish('run-1', { ...made, planDigest: 'x', round: 3, previous: 'm1', manifest: 'x' })).toBe(false);
    expect(attempts.finish('run-1', { ...made, model: 'next', round: 3, previous: 'm1', manifest: 'm3' })).toBe(true);
    expect(attempts.job('run-1')).toEqual({ planDigest: 'plan', model: 'next', finishedRound: 3, lastManifest: 'm3' });
  });
});

describe('ledger', () => {
  const charge = { ledgerRef: 'd', runId: 'r', round: 1, attempt: 0, mechanism: 'none', deltaInv: '1', capMicro: 10 };

  it('charges up to the cap and not above; the same charge twice counts once', () => {
    const { ledger } = open();
    expect(ledger.charge({ ...charge, chargeId: 'a', epsilonMicro: 6 }, 1)).toBe(true);
    expect(ledger.charge({ ...charge, chargeId: 'a', epsilonMicro: 6 }, 1)).toBe(true);
    expect(ledger.charge({ ...charge, chargeId: 'b', epsilonMicro: 5 }, 1)).toBe(false);
    expect(ledger.charge({ ...charge, chargeId: 'c', epsilonMicro: 4 }, 1)).toBe(true);
    expect(ledger.totalMicro('d')).toBe(10);
  });

  it('undoes mark and charge together when one of them fails', () => {
    const state = open();
    state.attempts.open(row, 1);
    expect(() =>
      state.transaction(() => {
        state.attempts.markM2('p1');
        throw new Error('no room');
      }),
    ).toThrow('no room');
    expect(state.attempts.byPlan('p1')?.m2Sent).toBe(false);
  });
});

describe('egress', () => {
  it('lists newest first and counts bytes that are sent again for one plan once', () => {
    const { egress } = open();
    egress.record({ what: 'm0', digest: 'sha256:a', bytes: 1, planHash: 'p' }, 1);
    egress.record({ what: 'm0', digest: 'sha256:a', bytes: 1, planHash: 'p' }, 2);
    egress.record({ what: 'cosignature', digest: 'sha256:b', bytes: 2 }, 3);
    egress.record({ what: 'cosignature', digest: 'sha256:b', bytes: 2 }, 4);
    expect(egress.list().map((entry) => [entry.what, entry.seq])).toEqual([
      ['cosignature', 3],
      ['cosignature', 2],
      ['m0', 1],
    ]);
    expect(egress.list({ before: 3, limit: 1 })).toHaveLength(1);
  });
});
