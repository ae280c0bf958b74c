import { readFileSync } from 'node:fs';
import { parseRoster } from '@sumveil/wire';
import { describe, expect, it } from 'vitest';
import { formatTlogProof, parseTlogProof, verifyTlogProof } from './tlog-proof.ts';

const load = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../../tests/vectors/log/${name}.json`, import.meta.url), 'utf8'));
const vectors = load('tlog-proof');
const rosters = load('roster-trust').rosters.map((r: { body: string }) => parseRoster(Buffer.from(r.body)));

/** Code of our refusal for each reason the vectors give. */
const CODES: Record<string, string> = {
  'reject:inclusion': 'INCLUSION',
  'reject:index': 'NUMBER',
  'reject:header': 'PROOF',
  'reject:below-quorum': 'QUORUM',
  'reject:hash': 'PROOF',
};

describe('tlog-proof (tlog-proof.json)', () => {
  for (const row of vectors.cases) {
    it(`${row.name}: ${row.want}`, () => {
      const verify = () => verifyTlogProof(Buffer.from(row.proof), Buffer.from(row.leafUtf8), rosters[0]);
      if (row.want !== 'ok') return expect(verify).toThrow(expect.objectContaining({ code: CODES[row.want] }));
      expect(verify()).toMatchObject({ size: 5, cosigners: { length: 4 } });
      expect(formatTlogProof(parseTlogProof(Buffer.from(row.proof))).toString()).toBe(row.proof);
    });
  }

  const [good] = vectors.cases;

  it('does not pass under the next epoch, whose witnesses are others', () => {
    const verify = () => verifyTlogProof(Buffer.from(good.proof), Buffer.from(good.leafUtf8), rosters[1]);
    expect(verify().cosigners).toHaveLength(4);
    const five = vectors.cases.find((c: { name: string }) => c.name === 'below-quorum');
    expect(() => verifyTlogProof(Buffer.from(five.proof), Buffer.from(five.leafUtf8), rosters[1])).toThrow(/needs 4/);
  });

  it('refuses a view older than one seen before', () => {
    const verify = (minSize: number) =>
      verifyTlogProof(Buffer.from(good.proof), Buffer.from(good.leafUtf8), rosters[0], { minSize });
    expect(verify(5).index).toBe(4);
    expect(() => verify(6)).toThrow(expect.objectContaining({ code: 'STALE' }));
  });
});
