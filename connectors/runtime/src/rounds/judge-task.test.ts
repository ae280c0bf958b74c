import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Roster } from '@sumveil/secagg';
import { dsseBytes, toBase64url } from '@sumveil/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseLocalPolicy } from '../policy/local-policy.ts';
import type { Site } from '../site.ts';
import { openState, type State } from '../state/state.ts';
import { nextEpoch } from '../testing/lies.ts';
import { goodParts, NOW, rawMaterial } from '../testing/material.ts';
import { CODE_DIGEST } from '../testing/plan.ts';
import { judgeRaw } from './judge-task.ts';

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
});
