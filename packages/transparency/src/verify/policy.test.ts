import { canonicalBytes } from '@sumveil/wire';
import { describe, expect, it } from 'vitest';
import * as layout from '../bundle/layout.ts';
import { digestOfByte, officerRef, START, TENANTS } from '../testing/cast.ts';
import type { Story } from '../testing/draft.ts';
import { change, drop, fixture, indexOf } from '../testing/fixture.ts';
import { submittedIn } from '../testing/plan-story.ts';
import type { SealOptions } from '../testing/seal-draft.ts';
import type { DecisionInput, Draft } from '../testing/teller.ts';
import { replay } from '../testing/test-replay.ts';
import { verifyBundle } from './verify-bundle.ts';

const { trust, good, verdictOf } = await fixture();

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

describe('19 POLICY: what was decided is what was done', () => {
  type Context = Record<string, never>;
  /** Re-seals a bundle in which the input of one decision, its digest and its replay agree, and the facts are made up. */
  const told = (decisionId: string, touch: (context: Context, input: DecisionInput) => void): Story => ({
    epsilonTotalMicro: 3_000_000,
    input: (input, id) => void (id === decisionId && touch(input.context as Context, input)),
  });
  const set = (fields: object) => (context: Context) => void Object.assign(context, fields);
  const attrs =
    (nth: number, fields: object) =>
    (_: Context, { entities }: DecisionInput) =>
      void Object.assign(entities[nth]!.attrs, fields);
  const approvals =
    (change: (list: { tenant: string; role: string; approver: string; expiresAt: number }[]) => unknown) =>
    (context: Context) =>
      void Object.assign(context, { approvals: change(context.approvals as never) });
  const otherRun = (_: Context, input: DecisionInput) => {
    input.resource = { ...input.resource, id: 'run-2' };
    input.entities[0]!.uid.id = 'run-2';
  };
  const region = (id: string) => ({ __entity: { type: 'Sumveil::Region', id } });

  it.each<[string, Parameters<typeof told>[1], RegExp]>([
    ['another action than was logged', (_, i) => void Object.assign(i.action, { id: 'joinRound' }), /another action/],
    ['another run', otherRun, /about something else/],
    ['another plan', set({ planDigest: digestOfByte(7) }), /another plan/],
    ['another bundle', set({ policyBundle: digestOfByte(7) }), /another policy bundle/],
    ['another time', set({ now: START - 3_600_000 }), /another time/],
    ['a larger cohort', set({ cohortSize: 6 }), /larger cohort/],
    ['more approvers', set({ distinctApprovers: 11 }), /number of approvers/],
    ['roles nobody granted', set({ approvedRoles: ['data-steward', 'privacy-officer', 'x'] }), /roles/],
    ['a later expiry', set({ approvalsExpireAt: START + 9e9 }), /another expiry/],
    [
      'an approver who never approved',
      approvals((l) => [{ ...l[0]!, approver: officerRef(3) }, ...l.slice(1)]),
      /did not count/,
    ],
    [
      'an approval that lives longer',
      approvals((l) => [{ ...l[0]!, expiresAt: START + 9e9 }, ...l.slice(1)]),
      /did not count/,
    ],
    ['one person of two', approvals((l) => l.filter((_, i) => i !== 1)), /roles/],
    ['a tenant left out', approvals((l) => l.filter((a) => a.tenant !== TENANTS[0])), /other tenants/],
    ['the region of a tenant left out', set({ cohortRegions: [region('EU')] }), /region of a tenant/],
    ['nothing spent before', set({ epsSpentMicro: 0 }), /0 spent, the log says 1000000/],
    ['nothing to spend', set({ epsNextMicro: 0 }), /less ε/],
    ['a smaller minimum', attrs(0, { minCohort: 2 }), /other limits/],
    ['fewer approvers needed', attrs(0, { needApprovers: 1 }), /other limits/],
    ['no roles needed', attrs(0, { needRoles: [] }), /other limits/],
    ['a larger budget', attrs(0, { epsBudgetMicro: 9_000_000 }), /other limits/],
    ['more regions allowed', attrs(1, { allowedRegions: [region('EU'), region('US')] }), /other limits/],
    ['a second run beside it', (_, i) => void i.entities.push({ ...i.entities[0]!, attrs: {} }), /other limits/],
  ])('%s', (_, touch, detail) => {
    const story = told('d-open-2', touch);
    expect(verdictOf({ story })).toMatchObject({ exit: 19, detail: expect.stringMatching(detail) });
  });

  it('a release on made-up facts', () => {
    expect(verdictOf({ story: told('d-release-2', otherRun) }).detail).toMatch(/about something else/);
    expect(verdictOf({ story: told('d-release-2', set({ epsNextMicro: 0 })) }).detail).toMatch(/less ε/);
    const fewer = told(
      'd-release-2',
      approvals((l) => l.filter((a) => a.tenant !== TENANTS[0])),
    );
    expect(verdictOf({ story: fewer }).detail).toMatch(/larger cohort/);
  });

  it('a grant on made-up facts', () => {
    expect(verdictOf({ story: told('d-start', set({ distinctApprovers: 11 })) }).exit).toBe(19);
    expect(verdictOf({ story: told('d-start', otherRun) }).exit).toBe(19);
  });

  it('two rounds under one decision, or a run under another than its grant', () => {
    const twice = change('round.opened', { decisionId: 'd-open-1' }, 1);
    expect(verdictOf({ draft: twice })).toMatchObject({
      exit: 19,
      detail: expect.stringMatching(/rest on one decision/),
    });
    const other = change('run.started', { decisionId: 'd-open-1' });
    expect(verdictOf({ draft: other }).detail).toMatch(/another decision than its grant/);
  });

  it('an act that was denied, and one that was decided afterwards', () => {
    const denied = (d: Draft) => change('policy.decided', { effect: 'deny', cause: 'no-permit', reasons: [] }, 3)(d);
    const story = told('d-open-2', set({ cohortSize: 4 }));
    expect(verdictOf({ story, draft: denied }).detail).toMatch(/was not allowed/);
    const late = (d: Draft) => {
      const at = indexOf(d, 'round.opened', 1);
      const [decided, opened] = [d.leaves[at - 1]!, d.leaves[at]!];
      d.leaves[at - 1] = { ...opened, runSeq: decided.runSeq } as typeof opened;
      d.leaves[at] = { ...decided, runSeq: opened.runSeq } as typeof decided;
    };
    expect(verdictOf({ draft: late }).detail).toMatch(/no decision before it/);
  });

  it('an input that was changed after its digest was logged', () => {
    const draft = (d: Draft) => {
      const text = Buffer.from(d.files.get(layout.INPUTS_FILE)!).toString();
      d.files.set(layout.INPUTS_FILE, Buffer.from(text.replace('"epsNextMicro":0', '"epsNextMicro":1')));
    };
    expect(verdictOf({ draft }).detail).toMatch(/another than the logged one/);
  });

  it('a decision that was kept in stock for a later round', () => {
    const story: Story = {
      beforeRound: (round, teller) => {
        if (round === 1) teller.decide('startRound', 'd-stock', { ...submittedIn(teller.draft), epsNextMicro: 0 });
      },
    };
    const used = change('round.opened', { decisionId: 'd-stock' }, 1);
    expect(verdictOf({ story })).toEqual({ exit: 0, detail: '' });
    expect(verdictOf({ story, draft: used }).detail).toMatch(/made for something earlier/);
  });

  it('but regions that no leaf names, pass', () => {
    const draft = (d: Draft) => {
      for (const _ of TENANTS) drop('tenant.created')(d);
    };
    expect(verdictOf({ draft }).exit).toBe(0);
    const other = told('d-open-2', set({ cohortRegions: [region('EU')] }));
    expect(verdictOf({ story: other, draft }).exit).toBe(0);
  });
});

describe('20 PRIVACY', () => {
  /** Decisions were asked for more than is charged here, so that the ledger alone is at fault. */
  const input: Story['input'] = ({ context }) => void Object.assign(context, { epsNextMicro: 3_000_000 });
  const story: Story = { epsilonTotalMicro: 3_000_000, input };
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
    ['a total below what was charged', both({ totalMicro: 2_000_000, epsilonMicro: 2_000_001 })],
    ['a ledger that says something else than the leaf', change('privacy.charged', { epsilonMicro: 5 }, 1)],
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
