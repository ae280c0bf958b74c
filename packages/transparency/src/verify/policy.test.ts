import { canonicalBytes } from '@sumveil/wire';
import { describe, expect, it } from 'vitest';
import * as layout from '../bundle/layout.ts';
import { digestOfByte, TENANTS } from '../testing/cast.ts';
import type { Draft, Story } from '../testing/draft.ts';
import { change, fixture } from '../testing/fixture.ts';
import type { SealOptions } from '../testing/seal-draft.ts';
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

describe('20 PRIVACY', () => {
  const story: Story = { epsilonTotalMicro: 3_000_000 };
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
    ['a ledger that says something else than the leaf', change('privacy.charged', { epsilonMicro: 5 })],
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
