import { expect, it } from 'vitest';
import { RUN, TENANTS } from '../testing/cast.ts';
import { tell } from '../testing/draft.ts';
import { change, fixture, indexOf } from '../testing/fixture.ts';
import type { Draft } from '../testing/teller.ts';
import { lineageOf } from './lineage.ts';
import type { BundlePredicate } from './statement.ts';

const { rosterBody, certificates } = await fixture();
const zero = `sha256:${'0'.repeat(64)}`;
const predicate: BundlePredicate = {
  ...{ v: 1, model: 'm', version: 2, modelDigest: zero, runs: [RUN] },
  asOf: { size: 1, root: zero },
};

function contributors(touch: (draft: Draft) => void = () => {}) {
  const draft = tell(rosterBody, certificates);
  touch(draft);
  const leaves = draft.leaves.map((leaf, idx) => ({ idx, leaf }));
  const { answers } = lineageOf(leaves, predicate);
  return answers.contributors.map(({ round, tenantRef, inSum }) => [round, tenantRef, inSum]);
}

it('contributors: an accepted update is in the sum of a released round', () => {
  const all = [1, 2].flatMap((round) => TENANTS.map((ref) => [round, ref, true]));
  expect(contributors()).toEqual(all);
});

it('contributors: not when its tenant was dropped, its round failed or was not released', () => {
  const rows = (round: number, inSum: (ref: string) => boolean) => TENANTS.map((ref) => [round, ref, inSum(ref)]);
  const left = contributors(change('round.closed', { dropped: [TENANTS[3]!] }));
  expect(left).toEqual([...rows(1, (ref) => ref !== TENANTS[3]), ...rows(2, () => true)]);
  const failed = contributors(change('round.closed', { type: 'round.aborted' }, 1));
  expect(failed).toEqual([...rows(1, () => true), ...rows(2, () => false)]);
  const unreleased = contributors((d) => void d.leaves.splice(indexOf(d, 'aggregate.released', 1), 1));
  expect(unreleased).toEqual(failed);
});
