import { describe, expect, it } from 'vitest';
import { localPolicyFor, readOptions, roundOfTheKill, survivorsNeeded, UsageError } from './options.ts';

describe('command line of the demo', () => {
  it('has ten airlines and eight rounds unless told otherwise', () => {
    expect(readOptions([])).toEqual({ json: false, keep: false, tenants: 10, rounds: 8 });
    expect(readOptions(['--tenants', '4', '--rounds=30', '--keep', '--json'])).toEqual({
      json: true,
      keep: true,
      tenants: 4,
      rounds: 30,
    });
  });

  it.each([
    [['--tenants', '3'], 'no sum survives'],
    [['--tenants', '1'], 'no sum survives'],
    [['--tenants', '11'], '10 airlines'],
    [['--rounds', '1'], 'one more must be whole'],
    [['--rounds', '31'], 'below two minutes'],
    [['--tenants', 'ten'], '--tenants "ten" is not a whole number'],
    [['--tenants', '4.5'], 'is not a whole number'],
    [['--tenants', ''], 'is not a whole number'],
    [['--rounds=-2'], 'is not a whole number'],
    [['--tenants'], '--tenants'],
    [['--nonsense'], '--nonsense'],
    [['extra'], 'extra'],
  ])('refuses %j and says why', (argv, reason) => {
    expect(() => readOptions(argv)).toThrow(UsageError);
    expect(() => readOptions(argv)).toThrow(reason);
  });
});

describe('small cohorts', () => {
  it('need the word of every tenant below the default floors, and none from there on', () => {
    expect(localPolicyFor(4)).toEqual({ minCohort: 4, minHonest: 2 });
    for (let tenants = 5; tenants <= 10; tenants++) expect(localPolicyFor(tenants)).toBeUndefined();
  });

  it('survive the death of one connector, whatever their number', () => {
    for (let tenants = 4; tenants <= 10; tenants++) expect(survivorsNeeded(tenants)).toBeLessThanOrEqual(tenants - 1);
    expect(survivorsNeeded(3)).toBe(3);
  });

  it('lose it in a training round after the first, with a round to come back to', () => {
    for (let rounds = 2; rounds <= 30; rounds++) {
      const kill = roundOfTheKill(rounds);
      expect(kill).toBeGreaterThan(2);
      expect(kill).toBeLessThanOrEqual(rounds + 1);
    }
    expect(roundOfTheKill(8)).toBe(5);
  });
});
