import { buildApproval, buildApproverList, envelopeDigest } from '@sumveil/approvals';
import { dsseBytes } from '@sumveil/wire';
import { describe, expect, it } from 'vitest';
import * as layout from '../bundle/layout.ts';
import { digestOfByte, iso, keys, officerRef, START, stewardRef, TENANTS } from '../testing/cast.ts';
import { type Story, tell } from '../testing/draft.ts';
import { change, drop, fixture, indexOf } from '../testing/fixture.ts';
import { approvalFields, approverList } from '../testing/plan-story.ts';
import { sealDraft } from '../testing/seal-draft.ts';
import type { Draft } from '../testing/teller.ts';
import { replay } from '../testing/test-replay.ts';
import { verifyBundle } from './verify-bundle.ts';

const { rosterBody, certificates, trust, verdictOf } = await fixture();

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

  it('a list that no leaf in the bundle declares, though it is the only one here', () => {
    const draft = drop('approvers.declared');
    expect(verdictOf({ draft })).toMatchObject({ exit: 18, detail: expect.stringMatching(/no approvers.declared/) });
  });

  it('a list whose leaf another tenant wrote', () => {
    const draft = change('approvers.declared', { tenantRef: TENANTS[4]! });
    expect(verdictOf({ draft }).exit).toBe(18);
  });

  describe('a newer list that takes an approver off', () => {
    const empty = (version: number) =>
      buildApproverList({ tenantRef: TENANTS[2]!, version, approvers: [] }, keys.roster(2));
    const next = (version: number, more: object = {}): Story => ({
      beforeRound: (round, teller) => {
        if (round !== 2) return;
        const list = empty(version);
        teller.draft.files.set(layout.approverListFile(TENANTS[2]!, version), dsseBytes(list));
        teller.log('approvers.declared', { tenantRef: TENANTS[2]!, digestNew: envelopeDigest(list), ...more });
      },
    });
    const digestOld = envelopeDigest(approverList(2));

    it('counts from its leaf on', () => {
      const verdict = verdictOf({ story: next(2, { digestOld }) });
      expect(verdict).toMatchObject({ exit: 18, detail: expect.stringMatching(/^round 2/) });
    });

    it('does not when its version is no higher, in whatever order two leaves were logged', () => {
      expect(verdictOf({ story: next(1, { digestOld }) }).exit).toBe(0);
    });

    it('cannot lose the leaf of the list before it', () => {
      const draft = (d: Draft) => {
        drop('approvers.declared', 2)(d);
        d.files.delete(layout.approverListFile(TENANTS[2]!));
      };
      expect(verdictOf({ story: next(2, { digestOld }), draft }).detail).toMatch(/replaces a list/);
    });

    it('is not outvoted by the old one when it is left out', () => {
      const draft = (d: Draft) => void d.files.delete(layout.approverListFile(TENANTS[2]!, 2));
      expect(verdictOf({ story: next(2, { digestOld }), draft }).exit).toBe(18);
    });
  });
});
