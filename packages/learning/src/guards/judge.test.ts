import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type History, judgeGuards, normOf, type RoundFacts } from './judge.ts';
import { thresholdsOf } from './thresholds.ts';

const defaults = thresholdsOf(undefined);

/** A history with one column varied; the other columns are unremarkable. */
function history(facts: Partial<RoundFacts>[], more: Partial<History> = {}): History {
  const calm = { cohort: 8, accepted: 8, loss: null, norm: null };
  return {
    rounds: facts.map((one, i) => ({ round: i + 1, ...calm, ...one })),
    acknowledged: 0,
    resolution: 1e-6,
    ...more,
  };
}
const losses = (...values: (number | null)[]) => history(values.map((loss) => ({ loss })));
const norms = (...values: (number | null)[]) => history(values.map((norm) => ({ norm })));
const accepted = (...values: number[]) => history(values.map((one) => ({ accepted: one })));

describe('divergence', () => {
  it.each<[string, History, string | undefined]>([
    ['falls', losses(0.69, 0.5, 0.4, 0.39), undefined],
    ['wobbles', losses(0.69, 0.5, 0.55, 0.5, 0.6, 0.55), undefined],
    ['rises for one round', losses(0.69, 0.4, 0.9), undefined],
    ['rises and comes back', losses(0.69, 0.4, 0.9, 0.4, 0.9), undefined],
    ['stays up for two rounds', losses(0.69, 0.4, 0.9, 0.9), 'divergence'],
    ['stays up with a round without a score between', losses(0.69, 0.4, 0.9, null, 0.9), 'divergence'],
    ['is not a number', losses(0.69, Number.NaN), 'divergence'],
    ['is not a number from the start', losses(Number.NaN), 'divergence'],
    ['is infinite', losses(0.69, 0.5, Number.POSITIVE_INFINITY), 'divergence'],
    ['rises from next to nothing', losses(0.69, 0.001, 0.01, 0.02), undefined],
    ['was never summed', losses(null, null, null), undefined],
    ['is of one round', losses(0.69), undefined],
  ])('the loss %s', (_, facts, guard) => {
    expect(judgeGuards(defaults, facts)?.guard).toBe(guard);
  });

  it('is measured against the thresholds of the plan', () => {
    const facts = losses(1, 0.5, 0.8);
    expect(judgeGuards(thresholdsOf({ divergence: { rise: 0.2, rounds: 1 } }), facts)?.guard).toBe('divergence');
    expect(judgeGuards(thresholdsOf({ divergence: { rise: 0.4, rounds: 1 } }), facts)).toBeUndefined();
  });
});

describe('participation', () => {
  it.each<[string, History, string | undefined]>([
    ['everybody', accepted(8, 8, 8, 8), undefined],
    ['exactly the threshold', accepted(6, 6, 6, 6), undefined],
    ['below it for two rounds', accepted(8, 5, 5), undefined],
    ['below it, but not in a row', accepted(5, 5, 8, 5, 5), undefined],
    ['below it for three rounds', accepted(8, 5, 5, 5), 'participation'],
  ])('%s', (_, facts, guard) => {
    expect(judgeGuards(defaults, facts)?.guard).toBe(guard);
  });
});

describe('norm of the mean update', () => {
  it.each<[string, History, string | undefined]>([
    ['falls', norms(3, 2, 1, 0.5), undefined],
    ['grows step by step', norms(1, 2, 4, 8), undefined],
    ['jumps when two rounds are known', norms(1, 1, 5.1), 'norm'],
    ['jumps when one is known only', norms(1, 100), undefined],
    ['stays just within the factor', norms(1, 1, 5), undefined],
    ['jumps late, after it had become small', norms(5, 0.1, 0.1, 0.1, 0.1, 0.1, 4), 'norm'],
    ['comes back to what it was a moment ago', norms(5, 0.1, 0.1, 4), undefined],
    ['moves among rounding noise', norms(1, 0, 0, 0, 0, 0, 4e-6), undefined],
    ['is infinite', norms(1, Number.POSITIVE_INFINITY), 'norm'],
    ['jumped in a round before an evaluation', norms(1, 1, 9, null), 'norm'],
  ])('%s', (_, facts, guard) => {
    expect(judgeGuards(defaults, facts)?.guard).toBe(guard);
  });

  it('is the length of the vector', () => {
    expect(normOf(Float64Array.of(3, 0, 4))).toBe(5);
    expect(normOf(new Float64Array())).toBe(0);
  });
});

const figure = fc.option(
  fc.oneof(fc.double({ min: 0, max: 1e6 }), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY)),
  {
    nil: null,
  },
);
const anyHistory = fc
  .array(fc.record({ cohort: fc.constant(8), accepted: fc.integer({ min: 0, max: 8 }), loss: figure, norm: figure }), {
    maxLength: 12,
  })
  .map((rows) => history(rows));

describe('any history', () => {
  it('trips nothing once a person has looked at all of it', () => {
    fc.assert(
      fc.property(anyHistory, (facts) => {
        expect(judgeGuards(defaults, { ...facts, acknowledged: facts.rounds.length })).toBeUndefined();
      }),
    );
  });

  it('trips nothing with every guard off, and no guard that is off', () => {
    fc.assert(
      fc.property(anyHistory, fc.subarray(['divergence', 'participation', 'norm'] as const), (facts, off) => {
        const trip = judgeGuards(thresholdsOf({ off }), facts);
        if (off.length === 3) expect(trip).toBeUndefined();
        if (trip) expect(off).not.toContain(trip.guard);
      }),
    );
  });

  it('of steps down in loss and norm with everybody there trips nothing', () => {
    const falling = fc.array(fc.double({ min: 1e-9, max: 1e3, noNaN: true }), { maxLength: 12 });
    fc.assert(
      fc.property(falling, (values) => {
        const sorted = values.toSorted((a, b) => b - a);
        expect(judgeGuards(defaults, history(sorted.map((one) => ({ loss: one, norm: one }))))).toBeUndefined();
      }),
    );
  });

  it('with a loss that is no number after the last look always trips', () => {
    fc.assert(
      fc.property(anyHistory, (facts) => {
        const rounds = [
          ...facts.rounds,
          { round: facts.rounds.length + 1, cohort: 8, accepted: 8, loss: Number.NaN, norm: null },
        ];
        expect(judgeGuards(defaults, { ...facts, rounds })?.guard).toBe('divergence');
      }),
    );
  });

  it('says which guard and which round, and no figure of them', () => {
    fc.assert(
      fc.property(anyHistory, (facts) => {
        const trip = judgeGuards(defaults, facts);
        if (trip) expect(Object.keys(trip).toSorted()).toEqual(['guard', 'round']);
      }),
    );
  });
});

describe('guards of a plan', () => {
  it('are all on by default', () => {
    expect(defaults).toEqual({
      divergence: { rise: 0.5, rounds: 2 },
      participation: { least: 0.75, rounds: 3 },
      norm: { factor: 5 },
    });
  });

  it('keep the defaults of what they do not say', () => {
    expect(thresholdsOf({ divergence: { rounds: 4 }, off: ['norm'] })).toEqual({
      divergence: { rise: 0.5, rounds: 4 },
      participation: { least: 0.75, rounds: 3 },
    });
  });
});
