import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Roster } from '@sumveil/secagg';
import { dsseBytes, toBase64url } from '@sumveil/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { storeWithdrawal } from '../control/approvers.ts';
import { parseLocalPolicy } from '../policy/local-policy.ts';
import type { Site } from '../site.ts';
import { openState, type State } from '../state/state.ts';
import { nextEpoch } from '../testing/lies.ts';
import { goodParts, NOW, rawMaterial } from '../testing/material.ts';
import { CODE_DIGEST } from '../testing/plan.ts';
import { approve, listOf, testTenant } from '../testing/tenants.ts';
import { judgeRaw, seeLists } from './judge-task.ts';

const parts = goodParts();
const own = parts.tenants[0]!;
const raw = rawMaterial(parts);

let folder: string;
let state: State;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sumveil-judge-'));
  state = openState(folder);
  state.trust.setApproverList(1, dsseBytes(own.list), NOW);
});
afterEach(() => {
  state.close();
  rmSync(folder, { recursive: true });
});

/** A connector that has pinned these epochs, the newest last. */
function siteOf(...epochs: Roster[]): Site {
  return {
    state,
    rosters: {
      pinned: () => epochs.at(-1),
      byHash: (hash: string) => epochs.find((roster) => toBase64url(roster.rosterHash) === hash),
    },
    member: { tenantRef: own.ref },
    policy: () => parseLocalPolicy(new Uint8Array()),
    data: { load: async () => ({}) },
    codeDigest: CODE_DIGEST,
    now: () => NOW,
  } as unknown as Site;
}

describe('the gate with what the connector keeps', () => {
  it('lets a round under the pinned roster through', async () => {
    expect((await judgeRaw(siteOf(parts.roster), raw, 'p', { minSize: 0 })).verdict).toMatchObject({ ok: true });
  });

  it('joins nothing under an earlier epoch, and ends under it what was joined before', async () => {
    const site = siteOf(parts.roster, nextEpoch(parts.roster));
    const first = await judgeRaw(site, raw, 'p', { minSize: 0 });
    expect(first.verdict).toMatchObject({ ok: false, fault: { code: 'GATE_SIGNER' } });
    const second = await judgeRaw(site, raw, 'p', { minSize: 0, roster: parts.roster });
    expect(second.verdict).toMatchObject({ ok: true });
  });

  it('counts no list of approvers that is older than one that has counted; a new roster key starts anew', async () => {
    const site = siteOf(parts.roster);
    const other = parts.roster.members[1]!;
    state.trust.seeList(other.tenantRef, 'an earlier key', 7);
    const { verdict } = await judgeRaw(site, raw, 'p', { minSize: 0 });
    if (!verdict.ok) throw new Error('refused');
    seeLists(site, verdict.passed);
    expect(state.trust.listSeen(other.tenantRef, other.rosterKey)).toBe(1);
    expect((await judgeRaw(site, raw, 'p', { minSize: 0 })).verdict).toMatchObject({ ok: true });
    state.trust.seeList(other.tenantRef, other.rosterKey, 2);
    const later = await judgeRaw(site, raw, 'p', { minSize: 0 });
    expect(later.verdict).toMatchObject({ ok: false, fault: { code: 'GATE_APPROVAL_OTHERS' } });
  });

  it('keeps to a withdrawal when its signer is no approver any more', async () => {
    const withdrawal = approve(own, own.steward, parts.grant.planDigest, { at: NOW, decision: 'withdrawn' });
    storeWithdrawal(state, dsseBytes(withdrawal), NOW);
    const successor = { ...testTenant(9).steward, role: own.steward.role };
    state.trust.setApproverList(2, dsseBytes(listOf(own.ref, [successor, own.officer], own.rosterKey, 2)), NOW);
    const approvals = [
      ...parts.approvals.slice(1),
      approve(own, successor, parts.grant.planDigest, { at: NOW - 1_000 }),
    ];
    const renewed = rawMaterial({ ...parts, grant: { ...parts.grant, approvals } });
    const { verdict } = await judgeRaw(siteOf(parts.roster), renewed, 'p', { minSize: 0 });
    expect(verdict).toMatchObject({ ok: false, fault: { code: 'GATE_APPROVAL_OWN' } });
  });
});
