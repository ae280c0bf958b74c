import { describe, expect, it } from 'vitest';
import {
  abortCertificates,
  belowDefaultFloors,
  checkLocalFloors,
  colluders,
  defaultWitnessQuorum,
  honestMinimum,
  localFloorsNeeded,
  quorum,
} from './parameters.ts';
import { vectors } from './testing/vectors.ts';

const file = vectors('parameters');

interface Known {
  n: number;
  c: number;
  T: number;
  honestMin: number;
  maxDropouts: number;
  abortCertificates: number;
  defaultPolicy: 'allowed' | 'override' | 'refused';
  localPolicy: { minCohort?: number; minHonest?: number } | null;
}

describe('parameters of section 2', () => {
  it.each(file.byCohortSize as Known[])('assumes c = $c of n = $n by default', ({ n, c, T }) => {
    expect(colluders(n, 1, 3)).toBe(c);
    expect(defaultWitnessQuorum(n, 1, 3)).toBe(T);
  });

  it.each([...file.byCohortSize, ...file.other] as Known[])('holds for n = $n, c = $c', (known) => {
    const { n, c } = known;
    expect(quorum(n, c)).toBe(known.T);
    expect(honestMinimum(n, c)).toBe(known.honestMin);
    expect(n - quorum(n, c)).toBe(known.maxDropouts);
    expect(abortCertificates(n, c)).toBe(known.abortCertificates);
    expect(localFloorsNeeded(n, c)).toEqual(known.localPolicy);
    expect(belowDefaultFloors(n, c)).toBe(known.defaultPolicy !== 'allowed');
    const join = (floors: object) => () => checkLocalFloors({ n, c }, floors);
    if (known.defaultPolicy === 'allowed') expect(join({})).not.toThrow();
    else expect(join({})).toThrow(expect.objectContaining({ code: 'LOCAL_POLICY' }));
    if (known.localPolicy === null) expect(join({ minCohort: 2, minHonest: 0 })).toThrow();
    else expect(join(known.localPolicy)).not.toThrow();
  });
});
