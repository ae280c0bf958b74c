import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { canonicalBytes, fromBase64url } from './index.ts';
import { parseRoster, quorumOf, rosterFingerprint, rosterHash } from './roster.ts';
import { anchorRosters, linkRosters, parseTrust, rosterApproveBody, trustBytes, trustOf } from './roster-trust.ts';

const vectors = JSON.parse(
  readFileSync(new URL('../../../tests/vectors/log/roster-trust.json', import.meta.url), 'utf8'),
);
const bodies: Buffer[] = vectors.rosters.map((r: { body: string }) => Buffer.from(r.body));

describe('roster', () => {
  it('has the published hashes and the shown groups', () => {
    for (const [i, row] of vectors.rosters.entries()) {
      const hash = rosterHash(bodies[i]!);
      expect(hash.toString('hex')).toBe(row.rosterHashHex);
      expect(rosterFingerprint(hash)).toBe(row.shown);
      expect(parseRoster(bodies[i]!).epoch).toBe(row.epoch);
    }
  });

  it('needs the published witness quorum for every size', () => {
    for (const row of vectors.quorum) {
      expect(quorumOf(row.m, { cNum: row.c === 0 ? 0 : 1, cDen: 3 })).toBe(row.witnessQuorum);
    }
  });

  const wrong: Record<string, (r: Record<string, unknown>) => void> = {
    'witnessQuorum below two overlapping quorums': (r) => (r.witnessQuorum = 3),
    'witnessQuorum above the members': (r) => (r.witnessQuorum = 6),
    'a report key equal to the log key': (r) => (r.reportKey = r.logKey),
    'members out of order': (r) => (r.members as unknown[]).reverse(),
    'an unknown field': (r) => (r.extra = 1),
    'an epoch 1 with a predecessor': (r) => (r.prevRoster = Buffer.alloc(32, 1).toString('base64url')),
    'a log origin that no note could name': (r) => (r.logOrigin = 'log+sumveil'),
    'a minCohort above the members': (r) => (r.minCohort = 6),
  };
  for (const [what, change] of Object.entries(wrong)) {
    it(`refuses ${what}`, () => {
      const value = JSON.parse(bodies[0]!.toString());
      change(value);
      expect(() => parseRoster(canonicalBytes(value))).toThrow();
    });
  }
});

describe('trust', () => {
  for (const row of vectors.trust) {
    it(`${row.name}: ${row.want}`, () => {
      const approvals = row.approvalsOfEpoch2.map((idx: number) => {
        const found = vectors.rosters[1].approvals.find((a: { body: string }) => JSON.parse(a.body).idx === idx);
        return { body: Buffer.from(found.body), sig: fromBase64url(found.sig, 64) };
      });
      const epochs = [
        { body: bodies[0]!, approvals: [] },
        { body: bodies[1]!, approvals },
      ];
      if (row.trust === null) expect(linkRosters(epochs)).toHaveLength(2);
      else if (row.want === 'ok')
        expect(anchorRosters(epochs, parseTrust(Buffer.from(row.trust))).map((r) => r.epoch)).toEqual([1, 2]);
      else expect(() => anchorRosters(epochs, parseTrust(Buffer.from(row.trust)))).toThrow(/epoch/);
    });
  }

  it('reads a whole roster as trust in its hash', () => {
    const trust = trustOf(parseRoster(bodies[0]!), rosterHash(bodies[0]!));
    expect(parseTrust(bodies[0]!)).toEqual(trust);
    expect(parseTrust(trustBytes(trust))).toEqual(trust);
    expect(trustBytes(trust).toString()).toBe(vectors.trust[0].trust);
  });

  it('writes the approval body that the vectors sign', () => {
    expect(rosterApproveBody(1, rosterHash(bodies[1]!)).toString()).toBe(vectors.rosters[1].approvals[0].body);
  });
});
