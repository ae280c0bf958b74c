import { buildApproval, envelopeDigest } from '@sumveil/approvals';
import {
  canonicalBytes,
  digestOf,
  dsseBytes,
  encodeSigned,
  parseRoster,
  rosterApproveBody,
  rosterHash,
  signBody,
  trustBytes,
  trustOf,
} from '@sumveil/wire';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import * as layout from '../bundle/layout.ts';
import { readBundleZip, scanBundleZip, writeBundleZip } from '../bundle/zip.ts';
import { formatTlogProof, parseTlogProof } from '../proof/tlog-proof.ts';
import {
  digestOfByte,
  iso,
  keys,
  officerRef,
  RUN,
  rosterBodyOf,
  START,
  serialOf,
  stewardRef,
  TENANTS,
} from '../testing/cast.ts';
import { type TestPki, testPki } from '../testing/certificates.ts';
import { approvalFields, approverList, type Draft, type Story, tell } from '../testing/draft.ts';
import { keyOfByte, publicOf } from '../testing/keys.ts';
import { type SealOptions, sealDraft } from '../testing/seal-draft.ts';
import { replay } from '../testing/test-replay.ts';
import { verifyBundle } from './verify-bundle.ts';

let pki: TestPki;
let rosterBody: Buffer;
let certificates: string;
let good: Buffer;
let trust: Buffer;
const life = { notBefore: new Date(START - 3_600_000), notAfter: new Date(START + 3_600_000) };
beforeAll(async () => {
  pki = await testPki();
  const leaves = await Promise.all(TENANTS.map((ref, i) => pki.issue(serialOf(i), ref, life)));
  certificates = leaves.join('') + pki.authorities;
  rosterBody = rosterBodyOf({ rootSpki: [pki.rootSpki] });
  trust = trustBytes(trustOf(parseRoster(rosterBody), rosterHash(rosterBody)));
  good = sealDraft(tell(rosterBody, certificates));
});

interface Case {
  story?: Story;
  draft?: (draft: Draft) => void;
  seal?: SealOptions;
  certificates?: string;
}

/** Tells the story, lets the test tamper, seals it again with the report key, and gives exit and the failing line. */
function verdictOf(c: Case) {
  const draft = tell(rosterBody, c.certificates ?? certificates, c.story);
  c.draft?.(draft);
  const verdict = verifyBundle(sealDraft(draft, c.seal), { trust, replay });
  return { exit: verdict.exit, detail: verdict.checks.find((check) => !check.ok)?.detail ?? '' };
}

/** Reads the members of the good bundle, lets the test change them, and zips again without sealing again. */
function reZipped(change: (files: Map<string, Uint8Array>) => void) {
  const files = new Map(readBundleZip(good));
  change(files);
  return verifyBundle(writeBundleZip(files), { trust, replay });
}

const indexOf = (draft: Draft, type: string, nth = 0) => {
  const at = draft.leaves.flatMap((leaf, i) => (leaf.type === type ? [i] : []))[nth];
  if (at === undefined) throw new Error(`the story has no ${type}`);
  return at;
};
const change =
  (type: string, fields: object, nth = 0) =>
  (draft: Draft) => {
    const at = indexOf(draft, type, nth);
    draft.leaves[at] = { ...draft.leaves[at]!, ...fields } as (typeof draft.leaves)[number];
  };
const drop =
  (type: string, nth = 0) =>
  (draft: Draft) =>
    void draft.leaves.splice(indexOf(draft, type, nth), 1);
const append = (files: Map<string, Uint8Array>, name: string, text: string) =>
  void files.set(name, Buffer.concat([files.get(name)!, Buffer.from(text)]));

describe('a good bundle', () => {
  it('is VERIFIED with trust, UNANCHORED without', () => {
    const anchored = verifyBundle(good, { trust, replay });
    expect(anchored.checks.filter((c) => !c.ok)).toEqual([]);
    expect(anchored.checks.map((c) => c.id)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22]);
    expect(anchored).toMatchObject({ verdict: 'VERIFIED', exit: 0 });
    expect(verifyBundle(good, { trust: rosterBody, replay }).exit).toBe(0);
    const alone = verifyBundle(good, { replay });
    expect(alone).toMatchObject({ verdict: 'UNANCHORED', exit: 3 });
    expect(alone.fingerprint).toMatch(/^([0-9a-f]{4} ){15}[0-9a-f]{4}$/);
  });

  it('verifies with proofs under an older checkpoint, and with a budget that is spent', () => {
    expect(verdictOf({ seal: { olderSize: 40 } })).toEqual({ exit: 0, detail: '' });
    expect(verdictOf({ story: { epsilonTotalMicro: 3_000_000 } })).toEqual({ exit: 0, detail: '' });
  });

  it('fails a layer that this verifier cannot replay, never skips it', () => {
    const { checks, exit } = verifyBundle(good, { trust });
    expect(exit).toBe(17);
    expect(checks.filter((c) => !c.ok).map((c) => c.id)).toEqual([17, 18, 19, 22]);
  });

  it('refuses an unreadable trust file as a mistake of the caller', () => {
    expect(() => verifyBundle(good, { trust: Buffer.from('{}'), replay })).toThrow(
      expect.objectContaining({ code: 'BUNDLE' }),
    );
  });

  it('fails for any flipped bit', () => {
    fc.assert(
      fc.property(fc.nat(good.length * 8 - 1), fc.nat(9), (bit, whole) => {
        const flipped = Buffer.from(good);
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        // The archive alone must give it away; one in ten goes through all layers.
        expect(scanBundleZip(flipped).fault).toBeDefined();
        if (whole === 0)
          expect(verifyBundle(flipped, { trust, replay })).toMatchObject({ verdict: 'FAILED', exit: 10 });
      }),
      { numRuns: 400 },
    );
  });

  it('fails, and does not throw, on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(verifyBundle(bytes, { trust, replay }).exit).toBe(10);
      }),
    );
  });
});

describe('10 FORMAT', () => {
  it('names what is missing or malformed', () => {
    for (const name of [layout.ROOT_FILE, layout.LEAVES_FILE, layout.CHECKPOINT_FILE, layout.rosterFile(1)])
      expect(reZipped((files) => files.delete(name)).exit).toBe(10);
    expect(verdictOf({ seal: { touch: (files) => append(files, layout.LEAVES_FILE, '{}\n') } }).exit).toBe(10);
    expect(verdictOf({ seal: { touch: (files) => files.set('grants/x', Buffer.from('{}')) } }).exit).toBe(10);
  });
});

describe('11 DIGEST', () => {
  it('names the changed, added or missing file', () => {
    const changed = reZipped((files) => append(files, 'report.html', ' '));
    expect(changed).toMatchObject({ exit: 11 });
    expect(changed.checks[1]!.detail).toMatch(/^report\.html has another digest/);
    expect(reZipped((files) => files.set('extra', Buffer.from('x'))).checks[1]!.detail).toMatch(/^extra is not/);
    expect(reZipped((files) => files.delete('report.html')).checks[1]!.detail).toMatch(
      /^report\.html is in the statement/,
    );
  });

  it('names the file that a flipped bit of the zip is in', () => {
    const flipped = Buffer.from(good);
    flipped[flipped.indexOf('<h1>Report')]! ^= 1;
    expect(verifyBundle(flipped, { trust, replay }).checks[1]!.detail).toMatch(/^report\.html/);
  });
});

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

  it('a roster that is not the trusted one, although the bundle is whole in itself', () => {
    const other = trustBytes({ ...trustOf(parseRoster(rosterBody), Buffer.alloc(32)), epoch: 1 });
    expect(verifyBundle(good, { trust: other, replay }).exit).toBe(12);
  });
});

describe('13 CHECKPOINT', () => {
  it.each<[string, Case]>([
    ['a checkpoint by another log key', { seal: { logKey: keyOfByte(0x98) } }],
    ['a seal that speaks of another size', { seal: { predicate: { asOf: { size: 5, root: digestOfByte(1) } } } }],
    [
      'a checkpoint without its signature',
      { seal: { touch: (files) => files.set(layout.CHECKPOINT_FILE, Buffer.from('x\n1\ny\n')) } },
    ],
  ])('%s', (_, c) => {
    expect(verdictOf(c).exit).toBe(13);
  });
});

describe('14 QUORUM', () => {
  it('three witnesses where four are needed', () => {
    const { exit, detail } = verdictOf({ seal: { cosigners: [0, 1, 2] } });
    expect([exit, detail]).toEqual([14, 'log/checkpoint: witnesses 3 of 5 (needs 4)']);
    expect(verdictOf({ seal: { cosigners: [0, 1, 2, 2, 2] } }).exit).toBe(14);
    expect(verdictOf({ seal: { cosigners: [0, 1, 2, 4] } }).exit).toBe(0);
  });
});

describe('15 INCLUSION', () => {
  it('a leaf that was changed after it was logged, a proof of another leaf, and none', () => {
    const swap = (files: Map<string, Uint8Array>) => {
      const proof = parseTlogProof(files.get(layout.proofFile(7))!);
      files.set(layout.proofFile(3), formatTlogProof(proof));
    };
    expect(verdictOf({ seal: { touch: swap } }).detail).toMatch(/proves leaf 7/);
    expect(verdictOf({ seal: { touch: (files) => files.delete(layout.proofFile(3)) } }).exit).toBe(15);
    const forge = (files: Map<string, Uint8Array>) => {
      const text = Buffer.from(files.get(layout.LEAVES_FILE)!).toString();
      files.set(layout.LEAVES_FILE, Buffer.from(text.replaceAll('"CHG-1"', '"CHG-9"')));
    };
    expect(verdictOf({ seal: { touch: forge } }).exit).toBe(15);
  });
});

describe('16 CONSISTENCY', () => {
  it('an older checkpoint of another tree, of the same size, and one without its proof', () => {
    const older = 40;
    const fork: SealOptions['touch'] = (files) =>
      files.set(layout.consistencyFile(older), Buffer.from(`${'A'.repeat(43)}=\n`));
    expect(verdictOf({ seal: { olderSize: older, touch: fork } }).exit).toBe(16);
    const missing: SealOptions['touch'] = (files) => files.delete(layout.consistencyFile(older));
    expect(verdictOf({ seal: { olderSize: older, touch: missing } }).exit).toBe(16);
  });

  it('a proof that is newer than log/checkpoint', () => {
    const touch: SealOptions['touch'] = (files, { tree, note }) =>
      void files.set(layout.CHECKPOINT_FILE, note(40, tree.root(40)));
    const { exit } = verdictOf({ seal: { touch } });
    expect(exit).toBe(13);
  });
});

describe('17 LINEAGE', () => {
  const base = (draft: Draft) => {
    const name = [...draft.files.keys()].find((n) => n.startsWith('plan/'))!;
    append(draft.files, name, ' ');
  };
  it.each<[string, (draft: Draft) => void]>([
    ['a refused update left out', drop('update.accepted')],
    ['the end of the run left out', drop('run.completed')],
    ['the plan left out', drop('plan.submitted')],
    ['a released aggregate that was never computed', drop('aggregate.computed')],
    ['the plan file changed', base],
    ['a plan that names other tenants than its file', change('plan.submitted', { minCohort: 4 })],
    ['a round under a grant that was not issued', change('round.opened', { grantDigest: digestOfByte(9) })],
    ['a round whose signed plan is another', change('round.opened', { planHash: digestOfByte(9) })],
    ['a round of another cohort', change('round.opened', { cohort: TENANTS.slice(1) })],
    ['a round that starts from an unknown model', change('round.opened', { modelHash: digestOfByte(9) }, 1)],
    ['an aggregate unlike its manifest', change('aggregate.released', { manifestDigest: digestOfByte(9) })],
    ['more survivors than the manifest names', change('aggregate.computed', { survivors: 6 })],
    ['a version of another aggregate', change('model.version_created', { aggRoot: digestOfByte(9) })],
    ['a version that skips its parent', change('model.version_created', { parentDigest: digestOfByte(9) }, 1)],
    ['a sealed version that no leaf names', change('model.version_created', { digest: digestOfByte(9) }, 1)],
    ['a grant that expires later than it says', change('grant.issued', { expiresAt: iso(START + 9e6) })],
    [
      'one change in the log twice',
      (d) => d.leaves.push({ ...d.leaves[0]!, id: '01939000-0000-7000-8000-ffffffffffff' }),
    ],
  ])('%s', (_, draft) => {
    expect(verdictOf({ draft })).toMatchObject({ exit: 17 });
  });

  it('a round plan that does not follow from its inputs', () => {
    const other = { ...replay, roundPlan: () => Buffer.from('{}') };
    expect(verifyBundle(good, { trust, replay: other }).exit).toBe(17);
  });

  it('a signed list of survivors unlike the manifest', () => {
    const draft = (d: Draft) => {
      const at = { run: RUN, round: 1, attempt: 0 };
      const other = d.files.get(layout.roundFile({ ...at, round: 2 }, 'u3'))!;
      d.files.set(layout.roundFile(at, 'u3'), other);
    };
    expect(verdictOf({ draft }).detail).toMatch(/signed survivors/);
  });

  it('another model file than the sealed one', () => {
    const touch: SealOptions['touch'] = (files) => files.set(layout.MODEL_FILE, Buffer.from('other model'));
    expect(verdictOf({ seal: { touch } })).toMatchObject({ exit: 17 });
    const own: SealOptions['touch'] = (files) => files.set(layout.MODEL_FILE, Buffer.from('model 2'));
    expect(verdictOf({ seal: { touch: own } }).exit).toBe(0);
  });
});

describe('18 APPROVAL', () => {
  const only = (role: string, fields: object): Story => ({
    approval: (a) => (a.role === role && a.tenantRef === TENANTS[0] ? fields : {}),
  });
  it.each<[string, Story]>([
    ['a refusal in place of a grant', only('privacy-officer', { decision: 'refused' })],
    ['an approval that had expired when a round opened', only('data-steward', { expiresAt: iso(START + 30_000) })],
    ['an approval that lives longer than 30 days', only('data-steward', { expiresAt: iso(START + 40 * 86_400_000) })],
    ['an approval of another digest', only('data-steward', { subject: { kind: 'plan', digest: digestOfByte(1) } })],
    ['a role that the approver does not hold', only('data-steward', { role: 'privacy-officer' })],
    ['the requester approving', { requesterRef: stewardRef(0) }],
    ['fewer people than the plan needs', { needApprovers: 11 }],
    ['an approval withdrawn before the second round opened', { beforeRound: withdraw }],
  ])('%s', (_, story) => {
    expect(verdictOf({ story }).exit).toBe(18);
  });

  function withdraw(
    round: number,
    teller: { approve: (...args: Parameters<typeof buildApproval>) => unknown; draft: Draft },
  ): void {
    if (round !== 2) return;
    const plan = teller.draft.leaves.find((l) => l.type === 'plan.submitted') as unknown as { planDigest: string };
    const fields = approvalFields(3, 'privacy-officer', plan.planDigest);
    teller.approve({ ...fields, approvalId: 'w-1', decision: 'withdrawn' }, keys.officer(3));
  }

  it('but not one that was withdrawn after the last round opened', () => {
    const draft = tell(rosterBody, certificates);
    const plan = draft.leaves.find((l) => l.type === 'plan.submitted') as unknown as { planDigest: string };
    const fields = { ...approvalFields(3, 'privacy-officer', plan.planDigest), decision: 'withdrawn' as const };
    const envelope = buildApproval(fields, keys.officer(3));
    draft.files.set(layout.approvalFile(envelopeDigest(envelope)), dsseBytes(envelope));
    const { approvalId, ticket, role, approverRef, tenantRef, subject, expiresAt } = fields;
    const leaf = {
      approvalId,
      envelopeDigest: envelopeDigest(envelope),
      ticket,
      role,
      approverRef,
      tenantRef,
      subject,
      expiresAt,
    };
    const { v, id, time, actor } = { ...draft.leaves[0]!, id: '01939000-0000-7000-8000-00000000ffff' };
    draft.leaves.push({ v, id, time, actor, type: 'approval.withdrawn', ...leaf });
    expect(verifyBundle(sealDraft(draft), { trust, replay }).exit).toBe(0);
  });

  it('an approval signed by somebody else, or told differently in its leaf', () => {
    const draft = (d: Draft) => {
      const forged = change('approval.granted', { approverRef: officerRef(0) });
      forged(d);
    };
    expect(verdictOf({ draft }).exit).toBe(18);
    const dropped = (d: Draft) => {
      const { envelopeDigest: digest } = d.leaves[indexOf(d, 'approval.granted')] as unknown as {
        envelopeDigest: string;
      };
      drop('approval.granted')(d);
      d.files.delete(layout.approvalFile(digest));
    };
    expect(verdictOf({ draft: dropped }).exit).toBe(18);
  });

  it('a list that no longer names the approver when the round opens', () => {
    const draft = (d: Draft) => change('approvers.declared', { digestNew: digestOfByte(7) })(d);
    expect(verdictOf({ draft }).exit).toBe(18);
  });
});

describe('19 POLICY', () => {
  const policy = (limit: string) => (d: Draft) =>
    d.files.set(`${layout.POLICY_FOLDER}permits/round.allow.cedar`, Buffer.from(limit));
  it.each<[string, (draft: Draft) => void]>([
    ['a policy file unlike its lock', policy('2000')],
    ['a file that the lock does not name', (d) => d.files.set(`${layout.POLICY_FOLDER}more.cedar`, Buffer.from('x'))],
    ['an input that is missing', (d) => d.files.delete(layout.INPUTS_FILE)],
    ['a decision under another bundle', change('policy.decided', { bundle: digestOfByte(4) })],
    ['a logged effect that is not what comes out', change('policy.decided', { effect: 'deny' })],
    ['logged reasons that are not what comes out', change('policy.decided', { reasons: ['other.allow'] })],
    ['an act that names no decision', change('round.opened', { decisionId: undefined })],
    ['an act under a decision about something else', change('aggregate.released', { decisionId: 'd-start' })],
  ])('%s', (_, draft) => {
    expect(verdictOf({ draft }).exit).toBe(19);
  });

  it('a decision that comes out differently', () => {
    const other = { ...replay, decidePolicy: () => ({ effect: 'deny', cause: 'forbid', reasons: ['region'] }) };
    expect(verifyBundle(good, { trust, replay: other }).exit).toBe(19);
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

describe('20 PRIVACY', () => {
  const story: Story = { epsilonTotalMicro: 3_000_000 };
  const both = (fields: object) => (d: Draft) => {
    change('privacy.charged', fields, 1)(d);
    const { rows } = JSON.parse(Buffer.from(d.files.get(layout.LEDGER_FILE)!).toString());
    Object.assign(rows[1], fields);
    d.files.set(layout.LEDGER_FILE, canonicalBytes({ v: 1, rows }));
  };
  it.each<[string, (draft: Draft) => void]>([
    ['a release without its charge', change('aggregate.released', { chargeId: 'c-9' })],
    ['a total above the cap', both({ totalMicro: 3_000_001, epsilonMicro: 2_000_001 })],
    ['a total that went down', both({ totalMicro: 999_999, epsilonMicro: 0 })],
    ['a cap above the plan', both({ capMicro: 4_000_000 })],
    ['a total that does not add up', both({ totalMicro: 2_500_000 })],
    ['a ledger that says something else than the leaf', change('privacy.charged', { epsilonMicro: 5 })],
    ['a ledger without the row', (d) => d.files.delete(layout.LEDGER_FILE)],
  ])('%s', (_, draft) => {
    expect(verdictOf({ story, draft }).exit).toBe(20);
  });
});

describe('21 DOCUMENT', () => {
  it('answers that do not follow from the leaves', () => {
    const touch: SealOptions['touch'] = (files) => {
      const text = Buffer.from(files.get(layout.LINEAGE_FILE)!).toString();
      files.set(layout.LINEAGE_FILE, Buffer.from(text.replace(TENANTS[0]!, TENANTS[1]!)));
    };
    expect(verdictOf({ seal: { touch } }).exit).toBe(21);
  });
});

describe('22 IDENTITY', () => {
  it('no certificate, another tenant’s, one that was not in force, one under a foreign root', async () => {
    expect(verdictOf({ certificates: pki.authorities }).exit).toBe(22);
    const others = await Promise.all(TENANTS.map((_, i) => pki.issue(serialOf(i), TENANTS[(i + 1) % 5]!, life)));
    expect(verdictOf({ certificates: others.join('') + pki.authorities }).detail).toMatch(/another tenant/);
    const short = { ...life, notAfter: new Date(START + 1000) };
    const early = await Promise.all(TENANTS.map((ref, i) => pki.issue(serialOf(i), ref, short)));
    expect(verdictOf({ certificates: early.join('') + pki.authorities }).detail).toMatch(/not valid at/);
    const foreign = await testPki();
    const strange = await Promise.all(TENANTS.map((ref, i) => foreign.issue(serialOf(i), ref, life)));
    expect(verdictOf({ certificates: strange.join('') + foreign.authorities }).detail).toMatch(/no chain/);
  });

  it('a certificate that was revoked before, by serial, key or tenant', () => {
    const revoke = (scope: string, target: string): Story => ({
      beforeRound: (round, teller) =>
        round === 2 &&
        teller.log('connector.revoked', { scope, target, reasonCode: 'LOST', ticket: { system: 'jira', id: 'S-1' } }),
    });
    expect(verdictOf({ story: revoke('serial', serialOf(2)) }).detail).toMatch(/revoked/);
    expect(verdictOf({ story: revoke('tenant', TENANTS[2]!) }).exit).toBe(22);
    expect(verdictOf({ story: revoke('serial', serialOf(9)) }).exit).toBe(0);
  });
});
