import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClientError } from '@sumveil/client';
import { generateEd25519, rawEd25519 } from '@sumveil/identity';
import { encodeRoster, parseRoster, type Roster, rosterApproval } from '@sumveil/secagg';
import { encodeSigned, sha256, toBase64url } from '@sumveil/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseLocalPolicy } from '../policy/local-policy.ts';
import { openState, type State } from '../state/state.ts';
import { coordinatorKeys, raw, type TestTenant, testRoster, testTenant } from '../testing/tenants.ts';
import { hashText, type KeeperDeps, rosterKeeper } from './keeper.ts';

const rootSpki = toBase64url(sha256(Buffer.from('root')));
const keys = coordinatorKeys();
const tenants = [1, 2, 3, 4, 5].map((idx) => testTenant(idx));
const own = tenants[0]!;
const first = testRoster(tenants, keys, rootSpki);

/** The next epoch: another log key, the same members unless changed. */
function successor(
  old: Roster,
  change: (body: Record<string, unknown>) => void = () => {},
): { body: Buffer; roster: Roster } {
  const { rosterHash, ...fields } = old;
  const next: Record<string, unknown> = {
    ...fields,
    epoch: old.epoch + 1,
    prevRoster: toBase64url(rosterHash),
    logKey: raw(generateEd25519()),
  };
  change(next);
  const body = encodeRoster(next);
  return { body, roster: parseRoster(body) };
}

const second = successor(first.roster);
const approvalOf = (tenant: TestTenant, { roster }: { roster: Roster }) =>
  encodeSigned(rosterApproval(tenant.idx, roster.rosterHash, tenant.rosterKey));

let folder: string;
let state: State;
let offered: { body: Buffer; approvals: Buffer[] } | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sumveil-roster-'));
  state = openState(folder);
  offered = { body: first.body, approvals: [] };
});
afterEach(() => {
  state.close();
  rmSync(folder, { recursive: true });
});

function keeper(policy = '') {
  const call = async (name: string, input: { body?: Buffer }) => {
    if (!offered) throw new ClientError('ROSTER_NONE', 'none');
    if (name === 'connectorRoster') return offered.body;
    if (name === 'connectorRosterApprovals') return Buffer.concat(offered.approvals);
    offered.approvals.push(input.body!);
  };
  return rosterKeeper({
    state,
    client: { call },
    keys: { roster: own.rosterKey, rosterPublic: rawEd25519(own.rosterKey), witnessPublic: rawEd25519(own.witnessKey) },
    member: { tenantRef: own.ref, rootSpki },
    policy: () => parseLocalPolicy(Buffer.from(policy)),
    now: () => 1,
  } as unknown as KeeperDeps);
}

describe('first roster', () => {
  it('is pinned by its hash, and is still there after a restart', async () => {
    expect((await keeper().pin(hashText(first.roster))).epoch).toBe(1);
    expect(keeper().pinned()?.epoch).toBe(1);
    expect(keeper().byHash(hashText(first.roster))?.epoch).toBe(1);
  });

  const swapped = successor(first.roster, (body) => Object.assign(body, { epoch: 1, prevRoster: 'A'.repeat(43) }));
  const rows: [string, { body: Buffer; roster: Roster }, string][] = [
    ['with other keys in the own row', otherKeys(), ''],
    ['without the root of the join string', testRoster(tenants, keys, toBase64url(sha256(Buffer.from('other')))), ''],
    ['smaller than the local policy allows', first, 'minCohort: 6'],
    ['that is not the first', second, ''],
  ];
  for (const [what, made, policy] of rows) {
    it(`is refused ${what}`, async () => {
      offered = { body: made.body, approvals: [] };
      await expect(keeper(policy).pin(hashText(made.roster))).rejects.toMatchObject({ code: 'ROSTER_REFUSED' });
      expect(state.trust.pinned()).toEqual([]);
    });
  }

  it('is not pinned when the coordinator shows another one than was compared', async () => {
    offered = { body: swapped.body, approvals: [] };
    await expect(keeper().pin(hashText(first.roster))).rejects.toMatchObject({ code: 'HASH_MISMATCH' });
    offered = undefined;
    await expect(keeper().pin(hashText(first.roster))).rejects.toMatchObject({ code: 'ROSTER_NONE' });
  });
});

describe('later epoch', () => {
  async function pinnedFirst() {
    const one = keeper();
    await one.pin(hashText(first.roster));
    offered = { body: second.body, approvals: [] };
    return one;
  }

  it('takes effect with local approval and the old epoch’s quorum, by itself', async () => {
    const one = await pinnedFirst();
    offered!.approvals.push(...tenants.slice(1, 3).map((t) => approvalOf(t, second)));
    expect(await one.approve(hashText(second.roster))).toBe(false);
    expect(one.pinned()?.epoch).toBe(1);
    offered!.approvals.push(approvalOf(tenants[3]!, second));
    await one.refresh();
    expect(one.pinned()?.epoch).toBe(2);
    expect(one.byHash(hashText(first.roster))?.epoch).toBe(1);
  });

  it('does not without local approval, whoever else approves', async () => {
    const one = await pinnedFirst();
    offered!.approvals.push(...tenants.slice(1).map((t) => approvalOf(t, second)));
    await one.refresh();
    expect(one.pinned()?.epoch).toBe(1);
    await expect(one.pin(hashText(second.roster))).rejects.toMatchObject({ code: 'APPROVALS_MISSING' });
  });

  it('counts no approval of another roster, a stranger, or the same member twice', async () => {
    const one = await pinnedFirst();
    const other = successor(first.roster);
    const forged = { ...tenants[3]!, rosterKey: generateEd25519() };
    offered!.approvals.push(
      approvalOf(tenants[1]!, second),
      approvalOf(tenants[1]!, second),
      approvalOf(tenants[2]!, other),
      approvalOf(forged, second),
    );
    expect(await one.approve(hashText(second.roster))).toBe(false);
    await one.refresh();
    expect(one.pinned()?.epoch).toBe(1);
  });

  const lies: [string, (body: Record<string, unknown>) => void][] = [
    ['with other keys in the own row', (body) => (body.members = otherKeys().roster.members)],
    ['that follows another roster', (body) => (body.prevRoster = toBase64url(sha256(Buffer.from('x'))))],
    ['of another series', (body) => (body.rosterId = 'other')],
  ];
  for (const [what, lie] of lies) {
    it(`is not approved ${what}: nothing is signed`, async () => {
      const one = await pinnedFirst();
      const bent = successor(first.roster, lie);
      offered = { body: bent.body, approvals: [] };
      await expect(one.approve(hashText(bent.roster))).rejects.toMatchObject({
        code: 'ROSTER_REFUSED',
        detail: expect.stringMatching(/^The roster is refused: (?!The roster)[^:]+\.$/),
      });
      expect(offered.approvals).toEqual([]);
      expect(state.egress.list({ limit: 1 })).toEqual([]);
    });
  }

  it('is not approved below the local floor', async () => {
    await pinnedFirst();
    await expect(keeper('minCohort: 6').approve(hashText(second.roster))).rejects.toMatchObject({
      code: 'ROSTER_REFUSED',
    });
    expect(offered!.approvals).toEqual([]);
  });

  it('is approved once: the same roster again, never another of its epoch, also after a restart', async () => {
    const one = await pinnedFirst();
    await one.approve(hashText(second.roster));
    await one.approve(hashText(second.roster));
    expect(offered!.approvals).toHaveLength(2);
    expect(offered!.approvals[0]).toEqual(offered!.approvals[1]);
    const other = successor(first.roster);
    offered = { body: other.body, approvals: [] };
    await expect(keeper().approve(hashText(other.roster))).rejects.toMatchObject({ code: 'ROSTER_REFUSED' });
    expect(offered.approvals).toEqual([]);
  });

  it('never goes back', async () => {
    const one = await pinnedFirst();
    offered!.approvals.push(...tenants.slice(1).map((t) => approvalOf(t, second)));
    expect(await one.approve(hashText(second.roster))).toBe(true);
    offered = { body: first.body, approvals: [] };
    await one.refresh();
    expect(one.pinned()?.epoch).toBe(2);
    await expect(one.approve(hashText(first.roster))).rejects.toMatchObject({ code: 'ROSTER_REFUSED' });
  });
});

function otherKeys(): { body: Buffer; roster: Roster } {
  const swapped = tenants.map((t) => (t === own ? { ...t, rosterKey: generateEd25519() } : t));
  return testRoster(swapped, keys, rootSpki);
}
