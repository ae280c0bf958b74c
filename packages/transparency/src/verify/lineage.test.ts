import { describe, expect, it } from 'vitest';
import * as layout from '../bundle/layout.ts';
import { digestOfByte, iso, RUN, START, TENANTS } from '../testing/cast.ts';
import type { Draft } from '../testing/draft.ts';
import { append, change, drop, fixture } from '../testing/fixture.ts';
import type { SealOptions } from '../testing/seal-draft.ts';
import { replay } from '../testing/test-replay.ts';
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
