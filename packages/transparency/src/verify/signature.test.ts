import {
  canonicalBytes,
  digestOf,
  dsseBytes,
  encodeSigned,
  fromBase64url,
  keyIdOf,
  parseRoster,
  rosterApproveBody,
  rosterHash,
  signBody,
  signDsse,
  trustBytes,
  trustOf,
} from '@sumveil/wire';
import { describe, expect, it } from 'vitest';
import * as layout from '../bundle/layout.ts';
import { keys, RUN, rosterBodyOf, TENANTS } from '../testing/cast.ts';
import { tell } from '../testing/draft.ts';
import { type Case, fixture, indexOf } from '../testing/fixture.ts';
import { keyOfByte, publicOf } from '../testing/keys.ts';
import { approverList } from '../testing/plan-story.ts';
import { sealDraft } from '../testing/seal-draft.ts';
import type { Draft } from '../testing/teller.ts';
import { replay } from '../testing/test-replay.ts';
import { verifyBundle } from './verify-bundle.ts';

const { pki, rosterBody, certificates, trust, good, verdictOf } = await fixture();

describe('12 SIGNATURE', () => {
  it.each<[string, Case]>([
    ['a seal by a key that is not the report key', { seal: { reportKey: keyOfByte(0x99) } }],
    ['a seal by another key of the same roster', { seal: { reportKey: keys.grant } }],
    ['a round plan by another key', { draft: (d) => resign(d, 'plan', 'plan') }],
    ['a manifest by another key', { draft: (d) => resign(d, 'manifest', 'manifest') }],
    [
      'an approver list by another tenant',
      { draft: (d) => d.files.set(layout.approverListFile(TENANTS[0]!), listOf(0, 1)) },
    ],
  ])('%s', (_, c) => {
    expect(verdictOf(c).exit).toBe(12);
  });

  function resign(draft: Draft, part: 'plan' | 'manifest', type: string): void {
    const name = layout.roundFile({ run: RUN, round: 1, attempt: 0 }, part);
    const body = draft.files.get(name)!.subarray(0, draft.files.get(name)!.indexOf(0x0a));
    const { sig } = signBody(type, body, keyOfByte(0x99));
    draft.files.set(name, Buffer.concat([body, Buffer.from(`\n${Buffer.from(sig).toString('base64url')}\n`)]));
  }

  function listOf(tenant: number, signer: number): Buffer {
    const list = approverList(tenant);
    return dsseBytes({ ...list, signatures: approverList(signer).signatures });
  }

  describe('gate refusals', () => {
    const code = 'GATE_BUDGET';
    function told({ signer = 0, said = {}, logged = true, enclosed = true, beside = false }): (d: Draft) => void {
      return (d) => {
        const key = keys.roster(signer);
        const { grantDigest } = d.leaves[indexOf(d, 'grant.issued')] as unknown as { grantDigest: string };
        const payload = canonicalBytes({ v: 1, tenantRef: TENANTS[0]!, runId: RUN, grantDigest, code, ...said });
        const keyid = keyIdOf(fromBase64url(publicOf(key), 32));
        const own = signDsse('application/vnd.sumveil.gate-refusal.v1+json', payload, key, keyid);
        const junk = { keyid, sig: Buffer.alloc(64).toString('base64') };
        const envelope = dsseBytes({ ...own, signatures: [...(beside ? [junk] : []), ...own.signatures] });
        const envelopeDigest = digestOf(envelope);
        if (enclosed) d.files.set(layout.gateRefusalFile(envelopeDigest), envelope);
        const { v, id, time, actor } = { ...d.leaves[0]!, id: '01939000-0000-7000-8000-00000000dddd' };
        const fields = { tenantRef: TENANTS[0]!, grantDigest, code, envelopeDigest };
        if (logged) d.leaves.push({ v, id, time, actor, type: 'gate.refused', ...fields });
      };
    }

    it('pass when signed, enclosed and logged alike', () => {
      expect(verdictOf({ draft: told({}) })).toEqual({ exit: 0, detail: '' });
    });

    it('do not let one tenant spoil the evidence with a signature beside its own', () => {
      expect(verdictOf({ draft: told({ beside: true }) })).toEqual({ exit: 0, detail: '' });
    });

    it.each<[string, Parameters<typeof told>[0], RegExp]>([
      ['by another tenant', { signer: 1 }, /not signed with its roster key/],
      ['in no leaf', { logged: false }, /is in no leaf/],
      ['logged without its envelope', { enclosed: false }, /is not in gate-refusals/],
      ['logged with another reason', { said: { code: 'GATE_APPROVAL' } }, /something else than its leaf/],
      ['of another grant', { said: { grantDigest: `sha256:${'00'.repeat(32)}` } }, /something else than its leaf/],
      ['of another tenant', { said: { tenantRef: TENANTS[1]! } }, /something else than its leaf/],
    ])('fail: %s', (_, how, detail) => {
      expect(verdictOf({ draft: told(how) })).toMatchObject({ exit: 12, detail: expect.stringMatching(detail) });
    });
  });

  it('a roster that is not the trusted one, although the bundle is whole in itself', () => {
    const other = trustBytes({ ...trustOf(parseRoster(rosterBody), Buffer.alloc(32)), epoch: 1 });
    expect(verifyBundle(good, { trust: other, replay }).exit).toBe(12);
  });
});

describe('rosters of several epochs', () => {
  /** Epoch 2 replaces the witness key of the last tenant; the whole run is under it. */
  function twoEpochs(approvers: readonly number[], effective = true) {
    const first = rosterBody;
    const members = parseRoster(first).members.map((m, i) =>
      i === 4 ? { ...m, witnessKey: publicOf(keyOfByte(0x2f)) } : m,
    );
    const prevRoster = rosterHash(first).toString('base64url');
    const second = rosterBodyOf({ rootSpki: [pki.rootSpki], epoch: 2, prevRoster, members });
    const draft = tell(second, certificates);
    draft.files.set(layout.rosterFile(1), first);
    draft.files.set(layout.rosterFile(2), second);
    const messages = approvers.map((i) => {
      const body = rosterApproveBody(i + 1, rosterHash(second));
      return encodeSigned(signBody('roster-approve', body, keys.roster(i)));
    });
    draft.files.set(layout.rosterApprovalsFile(2), Buffer.concat(messages));
    const { v, time, actor } = draft.leaves[0]!;
    const hashes = { rosterEpoch: 2, rosterHash: digestOf(second), prevRoster: digestOf(first), witnessQuorum: 4 };
    const who = { members: members.map(({ idx, tenantRef }) => ({ idx, tenantRef })), approvedBy: [1, 2, 3, 4] };
    const id = '01939000-0000-7000-8000-00000000eeee';
    if (effective) draft.leaves.unshift({ v, id, time, actor, type: 'roster.effective', ...hashes, ...who });
    return { draft, second };
  }

  it('hold when anchored from either side', () => {
    const { draft, second } = twoEpochs([0, 1, 2, 3]);
    const bundle = sealDraft(draft, { cosigners: [0, 1, 2, 3] });
    expect(verifyBundle(bundle, { trust, replay })).toMatchObject({ exit: 0 });
    const later = trustBytes(trustOf(parseRoster(second), rosterHash(second)));
    expect(verifyBundle(bundle, { trust: later, replay })).toMatchObject({ exit: 0 });
    expect(verifyBundle(bundle, { replay })).toMatchObject({ exit: 3 });
  });

  it('fail without the old epoch’s approvals, also when nobody says whom to trust', () => {
    const bundle = sealDraft(twoEpochs([0, 1, 2]).draft, { cosigners: [0, 1, 2, 3] });
    expect(verifyBundle(bundle, { trust, replay }).exit).toBe(12);
    expect(verifyBundle(bundle, { replay }).exit).toBe(12);
  });

  it('do not count a witness key of the epoch before', () => {
    const bundle = sealDraft(twoEpochs([0, 1, 2, 3]).draft, { cosigners: [0, 1, 2, 4] });
    expect(verifyBundle(bundle, { trust, replay }).exit).toBe(14);
  });

  it('fail when the leaf that puts a later epoch in force is left out', () => {
    const bundle = sealDraft(twoEpochs([0, 1, 2, 3], false).draft, { cosigners: [0, 1, 2, 3] });
    expect(verifyBundle(bundle, { trust, replay }).exit).toBe(17);
  });

  it('are anchored by a whole later roster that the bundle does not hold', () => {
    const { second } = twoEpochs([]);
    expect(verifyBundle(good, { trust: second, replay })).toMatchObject({ verdict: 'VERIFIED' });
    const stranger = rosterBodyOf({ rootSpki: [pki.rootSpki], epoch: 2, prevRoster: `${'B'.repeat(42)}A` });
    expect(verifyBundle(good, { trust: stranger, replay }).exit).toBe(12);
  });
});
