import { canonicalBytes } from '@sumveil/wire';
import { describe, expect, it } from 'vitest';
import * as layout from '../bundle/layout.ts';
import { digestOfByte, iso, RUN, START, serialOf, TENANTS } from '../testing/cast.ts';
import type { Story } from '../testing/draft.ts';
import { append, change, drop, fixture, indexOf } from '../testing/fixture.ts';
import { modelAfter, submittedIn } from '../testing/plan-story.ts';
import { listHashOf, maskedInputOf, putSigned } from '../testing/round-story.ts';
import type { SealOptions } from '../testing/seal-draft.ts';
import type { Draft, Teller } from '../testing/teller.ts';
import { bytesOf, replay } from '../testing/test-replay.ts';
import { verifyBundle } from './verify-bundle.ts';

const { trust, good, verdictOf } = await fixture();

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

  it('a round that starts from an older or a foreign model, with everything after it in step', () => {
    for (const parent of [modelAfter(0), modelAfter(2), modelAfter(7)]) {
      const story: Story = { startsFrom: (round) => (round === 2 ? parent : undefined) };
      expect(verdictOf({ story })).toMatchObject({ exit: 17, detail: expect.stringMatching(/model that its run had/) });
    }
    const first: Story = { startsFrom: (round) => (round === 1 ? modelAfter(1) : undefined) };
    expect(verdictOf({ story: first }).exit).toBe(17);
  });

  const afterTheEnd = (type: string) => (d: Draft) => {
    const end = d.leaves[indexOf(d, 'run.completed')] as unknown as { time: string; runSeq: number };
    const accepted = d.leaves[indexOf(d, 'update.accepted')] as unknown as Record<string, unknown>;
    const { round, attempt, tenantRef, serial, actor } = accepted;
    const more = type === 'update.rejected' ? { code: 'CONFLICT' } : { chunkRoot: digestOfByte(7) };
    const at = { run: RUN, runSeq: end.runSeq + 1, time: end.time, round, attempt };
    const id = '01939000-0000-7000-8000-ffffffffffff';
    d.leaves.push({ v: 1, id, type, actor, ...at, tenantRef, serial, m2Digest: digestOfByte(7), ...more } as never);
  };

  it('holds when a tenant sends something after the end of the run, which is refused', () => {
    expect(verdictOf({ draft: afterTheEnd('update.rejected') })).toEqual({ exit: 0, detail: '' });
    const draft = (d: Draft) => {
      afterTheEnd('update.rejected')(d);
      drop('run.completed')(d);
    };
    expect(verdictOf({ draft }).exit).toBe(17);
  });

  it('fails when anything else is logged after the end of the run', () => {
    expect(verdictOf({ draft: afterTheEnd('update.accepted') }).exit).toBe(17);
  });

  it('another model file than the sealed one', () => {
    const touch: SealOptions['touch'] = (files) => files.set(layout.MODEL_FILE, Buffer.from('other model'));
    expect(verdictOf({ seal: { touch } })).toMatchObject({ exit: 17 });
    const own: SealOptions['touch'] = (files) => files.set(layout.MODEL_FILE, Buffer.from('model 2'));
    expect(verdictOf({ seal: { touch: own } }).exit).toBe(0);
  });
});

describe('17 LINEAGE: an attempt that ended before its plan was signed', () => {
  const failed = (...more: Parameters<Teller['log']>[]): Story => ({
    beforeRound: (round, teller) => {
      if (round !== 2) return;
      const at = { round: 2, attempt: 1 };
      const before = teller.draft.leaves[indexOf(teller.draft, 'round.opened')] as unknown as { grantDigest: string };
      const plan = submittedIn(teller.draft);
      teller.decide('startRound', 'd-failed', { ...plan, epsNextMicro: 0 });
      const { grantDigest } = before;
      const opened = { planHash: digestOfByte(5), modelHash: modelAfter(1), grantDigest, cohort: TENANTS };
      teller.log('round.opened', { ...at, ...opened, deadlineAt: iso(START + 1e6), decisionId: 'd-failed' }, true);
      for (const [type, fields] of more) teller.log(type, { ...at, ...fields }, true);
      teller.log('round.aborted', { ...at, survivors: 0, dropped: [], phase: 'advertise', code: 'SIGNER' }, true);
    },
  });

  it('has no plan file', () => {
    expect(verdictOf({ story: failed() })).toEqual({ exit: 0, detail: '' });
  });

  it('but needs one as soon as anybody answered, and when it did not end', () => {
    const digests = { m2Digest: digestOfByte(1), chunkRoot: digestOfByte(1), serial: serialOf(1) };
    const answered = failed(['update.accepted', { tenantRef: TENANTS[1]!, ...digests }]);
    expect(verdictOf({ story: answered })).toMatchObject({
      exit: 12,
      detail: expect.stringMatching(/plan is missing/),
    });
    const closed = { phase: 'advertise', setSize: 5, listHash: digestOfByte(1), cause: 'all' };
    expect(verdictOf({ story: failed(['phase.closed', closed]) }).exit).toBe(12);
    const draft = (d: Draft) => pauseInstead(d, indexOf(d, 'round.aborted'));
    expect(verdictOf({ story: failed(), draft }).exit).toBe(12);
  });
});

describe('17 LINEAGE: a run that was paused', () => {
  const between = (...more: [Parameters<Teller['log']>[0], Record<string, unknown>][]): Story => ({
    beforeRound: (round, teller) => {
      if (round !== 2) return;
      const started = teller.draft.leaves[indexOf(teller.draft, 'run.started')] as unknown as Record<string, string>;
      const { planDigest, grantDigest } = started;
      for (const [type, fields] of more) teller.log(type, { planDigest, grantDigest, ...fields }, true);
    },
  });
  const paused = ['run.paused', { reasonCode: 'guard.norm' }] as const;
  const person = { kind: 'person', ref: TENANTS[0]!, via: 'management' };
  const resumed = ['run.resumed', { actor: person, reasonCode: 'looked-at' }] as const;
  const told = (...more: (typeof paused | typeof resumed)[]) => ({ story: between(...(more as never[])) });

  it('goes on when a person resumed it', () => {
    expect(verdictOf(told([...paused], [...resumed]))).toEqual({ exit: 0, detail: '' });
    expect(verdictOf(told([...paused], [...paused], [...resumed])).exit).toBe(0);
  });

  it('has no round before that, is resumed by no service, and only after a pause', () => {
    expect(verdictOf(told([...paused]))).toMatchObject({ exit: 17, detail: expect.stringMatching(/is paused/) });
    const service = { kind: 'service', ref: 'coordinator', via: 'worker' };
    const byItself = ['run.resumed', { actor: service }] as never;
    expect(verdictOf(told([...paused], byItself)).detail).toMatch(/by no person/);
    expect(verdictOf(told([...resumed])).detail).toMatch(/without having been paused/);
    expect(verdictOf(told([...paused], [...resumed], [...resumed])).detail).toMatch(/without having been paused/);
  });
});

describe('17 LINEAGE: who is in a sum', () => {
  const place = { run: RUN, round: 1, attempt: 0 };
  const without = (part: 'u1' | 'u2' | 'u3') => (d: Draft) => void d.files.delete(layout.roundFile(place, part));
  it.each<[string, (draft: Draft) => void, RegExp]>([
    [
      'a sum that was computed otherwise',
      change('aggregate.computed', { aggRoot: digestOfByte(9) }),
      /before computed/,
    ],
    [
      'a sum under another manifest',
      change('aggregate.released', { manifestDigest: digestOfByte(9) }, 1),
      /do not join/,
    ],
    ['no signed list of the directory', without('u1'), /u1 is missing/],
    ['no signed list of the senders', without('u2'), /u2 is missing/],
    ['no signed list of the survivors', without('u3'), /u3 is missing/],
    ['a survivor whose update was another', change('update.accepted', { m2Digest: digestOfByte(9) }), /does not cover/],
    ['a survivor whose update was of another attempt', change('update.accepted', { attempt: 1 }), /no update of/],
    ['a phase that closed with another list', change('phase.closed', { listHash: digestOfByte(9) }), /list u1 is not/],
    ['a phase that closed with fewer', change('phase.closed', { setSize: 4 }, 1), /list u2 is not/],
    ['a dropout who is in the sum', change('round.closed', { dropped: [TENANTS[0]!] }), /other survivors or dropouts/],
    ['another number of survivors', change('round.closed', { survivors: 4 }), /other survivors or dropouts/],
    ['a list of another round', (d) => move(d, 'u3'), /another plan/],
    ['a survivor who was not a sender', (d) => relist(d, 'u2', [1, 2, 3, 4], 1), /not in the phase before/],
    ['survivors unlike the computed sum', (d) => relist(d, 'u3', [1, 2, 3, 4], 2), /others than the signed survivors/],
    ['survivors unlike the manifest', (d) => relist(d, 'u3', [1, 2, 3, 4], 2, true), /not those of the manifest/],
    ['a member who is not in the cohort', (d) => relist(d, 'u1', [1, 2, 3, 4, 5, 6], 0), /not in the phase before/],
  ])('%s', (_, draft, detail) => {
    expect(verdictOf({ draft })).toMatchObject({ exit: 17, detail: expect.stringMatching(detail) });
  });

  describe('a sum that the signer did not let out', () => {
    const seal: SealOptions = { predicate: { version: 1, modelDigest: modelAfter(1) } };
    const withheld = (d: Draft) => {
      change('round.closed', { type: 'round.aborted', code: 'SIGNER_QUORUM' }, 1)(d);
      pauseInstead(d, indexOf(d, 'model.version_created', 1));
    };
    it('needs no manifest, and must have none', () => {
      const draft = (d: Draft) => {
        withheld(d);
        d.files.delete(layout.roundFile({ ...place, round: 2 }, 'manifest'));
      };
      expect(verdictOf({ draft, seal })).toEqual({ exit: 0, detail: '' });
      expect(verdictOf({ draft: withheld, seal }).detail).toMatch(/yet its manifest was signed/);
    });

    it('makes no version', () => {
      const draft = (d: Draft) => {
        change('round.closed', { type: 'round.aborted' }, 1)(d);
        d.files.delete(layout.roundFile({ ...place, round: 2 }, 'manifest'));
      };
      expect(verdictOf({ draft }).detail).toMatch(/never released/);
    });
  });

  function move(d: Draft, part: 'u3'): void {
    d.files.set(layout.roundFile(place, part), d.files.get(layout.roundFile({ ...place, round: 2 }, part))!);
  }

  /** The coordinator signs and logs another list, in step with itself. */
  function relist(d: Draft, list: 'u1' | 'u2' | 'u3', members: number[], nth: number, computed = false): void {
    const { planHash } = d.leaves[indexOf(d, 'round.opened')] as unknown as { planHash: string };
    const listHash = listHashOf(
      list,
      planHash,
      members.map((idx) => [idx, maskedInputOf(idx - 1)]),
    );
    const fields = { phase: list, planHash: bytesOf(planHash), listHash: bytesOf(listHash), members };
    putSigned(d.files, 1, list, canonicalBytes({ type: 'list', v: 1, ...fields }));
    change('phase.closed', { listHash, setSize: members.length }, nth)(d);
    if (computed) change('aggregate.computed', { u3Hash: listHash, survivors: members.length })(d);
  }
});

/** Another leaf of the run in the place of one, so that no number is missing. */
function pauseInstead(d: Draft, at: number): void {
  const { grantDigest, planDigest } = d.leaves[indexOf(d, 'run.started')] as unknown as Record<string, string>;
  const { v, id, time, actor, run, runSeq } = d.leaves[at]!;
  d.leaves[at] = { v, id, time, actor, run, runSeq, type: 'run.paused', grantDigest, planDigest } as never;
}
