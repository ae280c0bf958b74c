import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ClosingFacts, closing } from './phase-closing.ts';

const facts: ClosingFacts = {
  now: 10_000,
  expected: [
    { idx: 1, answered: true, seenAt: 9_000 },
    { idx: 2, answered: true, seenAt: 9_000 },
    { idx: 3, answered: false, seenAt: 9_500 },
  ],
  enough: 2,
  spare: false,
  openedAt: 1_000,
  deadlineAt: 60_000,
  leaseMs: 5_000,
  lookMs: 250,
  watchingSince: 0,
};

describe('closing of a phase', () => {
  it('closes at once when every expected tenant has answered', () => {
    expect(closing({ ...facts, expected: facts.expected.map((tenant) => ({ ...tenant, answered: true })) })).toEqual({
      close: 'all',
    });
  });

  it('waits for a tenant that is present, until its lease could end', () => {
    expect(closing(facts)).toEqual({ wait: 14_500 });
  });

  it('closes when the missing tenant has been silent for its lease', () => {
    expect(closing({ ...facts, now: 14_500 })).toEqual({ close: 'absent' });
  });

  it('waits a lease and no longer for a present tenant whose answer adds nothing to enough others', () => {
    const expected = facts.expected.map((tenant) => ({ ...tenant, seenAt: 9_999 }));
    expect(closing({ ...facts, expected, spare: true, now: 5_999 })).toMatchObject({ wait: 6_249 });
    expect(closing({ ...facts, expected, spare: true, now: 6_000 })).toEqual({ close: 'absent' });
    expect(closing({ ...facts, expected, spare: true, enough: 3, now: 6_000 })).toEqual({ wait: 60_000 });
  });

  it('takes a signed abort as absence at once', () => {
    const expected = facts.expected.map((tenant) => ({ ...tenant, aborted: tenant.idx === 3 }));
    expect(closing({ ...facts, expected })).toEqual({ close: 'absent' });
  });

  it('counts the lease from its own start, so a restarted coordinator declares nobody absent at once', () => {
    expect(closing({ ...facts, now: 14_500, watchingSince: 14_400 })).toEqual({ wait: 19_400 });
  });

  it('fails at once when too many have said that they will not answer', () => {
    const expected = facts.expected.map((tenant) => ({ ...tenant, aborted: tenant.idx === 3 }));
    expect(closing({ ...facts, enough: 3, expected })).toEqual({ fail: true });
  });

  it('waits for the deadline when answers are too few, and fails there', () => {
    expect(closing({ ...facts, enough: 3, now: 30_000 })).toEqual({ wait: 60_000 });
    expect(closing({ ...facts, enough: 3, now: 60_000 })).toEqual({ fail: true });
  });

  it('closes at the deadline with enough answers although somebody is still present', () => {
    expect(
      closing({
        ...facts,
        now: 60_000,
        expected: [...facts.expected.slice(0, 2), { idx: 3, answered: false, seenAt: 59_999 }],
      }),
    ).toEqual({
      close: 'deadline',
    });
  });

  it('never closes below enough answers', () => {
    const tenant = fc.record({ idx: fc.integer({ min: 1, max: 50 }), answered: fc.boolean(), seenAt: fc.nat(100_000) });
    fc.assert(
      fc.property(
        fc.array(tenant, { minLength: 1 }),
        fc.nat(100_000),
        fc.integer({ min: 1, max: 20 }),
        (expected, now, enough) => {
          const result = closing({ ...facts, expected, now, enough });
          if ('close' in result) expect(expected.filter((one) => one.answered).length).toBeGreaterThanOrEqual(enough);
        },
      ),
    );
  });
});
