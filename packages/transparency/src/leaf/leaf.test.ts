import { canonicalBytes } from '@sumveil/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dedupeKey, encodeLeaf, events, type Leaf, type LeafOf, parseLeaf } from './leaf.ts';

const digest = `sha256:${'ab'.repeat(32)}`;
const opened: LeafOf<'round.opened'> = {
  v: 1,
  id: '01939000-0000-7000-8000-000000000001',
  type: 'round.opened',
  time: '2026-11-10T00:00:00.000Z',
  actor: { kind: 'service', ref: 'coordinator', via: 'worker' },
  run: 'run-1',
  runSeq: 7,
  round: 2,
  attempt: 0,
  planHash: digest,
  modelHash: digest,
  grantDigest: digest,
  cohort: ['a'.repeat(16), 'b'.repeat(16)],
  deadlineAt: '2026-11-10T01:00:00.000Z',
  decisionId: 'd-1',
};
const altered = (change: Record<string, unknown>) => ({ ...opened, ...change }) as unknown as Leaf;

describe('leaf', () => {
  it('is written canonically and read back', () => {
    const bytes = encodeLeaf(opened);
    expect(parseLeaf(bytes)).toEqual(opened);
    expect(bytes.toString()).toBe(canonicalBytes(opened).toString());
  });

  it.each([
    ['an unknown type', { type: 'round.reopened' }],
    ['a name of Object.prototype as type', { type: 'constructor' }],
    ['an unknown field', { note: 'x' }],
    ['a missing field', { planHash: undefined }],
    ['a float', { round: 1.5 }],
    ['an unsafe integer', { round: 2 ** 53 }],
    ['an object with toJSON', { planHash: { toJSON: () => digest } }],
    ['a run without its sequence', { type: 'policy.decided', runSeq: undefined }],
    ['a local time', { time: '2026-11-10T00:00:00.000+01:00' }],
    ['a time without ms', { time: '2026-11-10T00:00:00Z' }],
    ['a random uuid', { id: '01939000-0000-4000-8000-000000000001' }],
    ['a name in place of a ref', { cohort: ['General Hospital'] }],
    ['more than 16 KiB', { cohort: Array(1000).fill('a'.repeat(16)) }],
  ])('refuses %s', (_, change) => {
    expect(() => encodeLeaf(altered(change))).toThrow(expect.objectContaining({ code: 'LEAF' }));
  });

  it('refuses bytes that are not the one spelling', () => {
    const text = encodeLeaf(opened).toString();
    for (const other of [
      `${text}\n`,
      ` ${text}`,
      text.replace('{', '{"v":1,'),
      text.replace('"round":2', '"round":2.0'),
    ])
      expect(() => parseLeaf(Buffer.from(other))).toThrow();
  });

  it('never reads a flipped bit as a leaf that would be written with those bytes unless it is valid', () => {
    const bytes = encodeLeaf(opened);
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const flipped = Buffer.from(bytes);
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        try {
          expect(encodeLeaf(parseLeaf(flipped))).toEqual(flipped);
        } catch (error) {
          expect(error).toMatchObject({ code: 'LEAF' });
        }
      }),
    );
  });

  it('counts beyond 2^53-1 as text, and only there', () => {
    const { v, id, time, actor } = opened;
    const charged = (deltaInv: unknown) => ({
      ...{ v, id, time, actor, type: 'privacy.charged', scope: 'model', ledgerRef: 'm', chargeId: 'c' },
      ...{ epsilonMicro: 1, totalMicro: 1, capMicro: 1, mechanismDigest: digest, deltaInv },
    });
    for (const good of [5, '9007199254740992', '18446744073709551615'])
      expect(() => encodeLeaf(charged(good) as unknown as Leaf)).not.toThrow();
    for (const bad of ['5', '9007199254740991', '18446744073709551616', '09007199254740992', -1])
      expect(() => encodeLeaf(charged(bad) as unknown as Leaf)).toThrow();
  });
});

describe('dedupe key', () => {
  it('is the same for the same step and only for it', () => {
    const again = {
      ...opened,
      id: '01939000-0000-7000-8000-000000000002',
      runSeq: 9,
      time: '2026-11-11T00:00:00.000Z',
    };
    expect(dedupeKey(again)).toBe(dedupeKey(opened));
    expect(dedupeKey({ ...opened, attempt: 1 })).not.toBe(dedupeKey(opened));
    expect(dedupeKey(opened)).toBe('["round.opened","run-1",2,0]');
  });

  it('names fields that every leaf of the type has', () => {
    for (const [type, spec] of Object.entries(events))
      for (const field of spec.key)
        expect([type, field, field in spec.fields || field === 'id']).toEqual([type, field, true]);
  });
});
