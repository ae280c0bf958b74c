import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseLocalPolicy } from './local-policy.ts';
import { policyFile } from './policy-file.ts';
import { windowOpen } from './windows.ts';

const parse = (text: string) => parseLocalPolicy(Buffer.from(text)).policy;

describe('local policy', () => {
  it('holds the default floors when the file is empty or absent', () => {
    expect(parse('')).toMatchObject({ minCohort: 5, minHonest: 3 });
    expect(policyFile(undefined)().policy).toMatchObject({ minCohort: 5, minHonest: 3 });
  });

  it('takes YAML and JSON', () => {
    expect(parse('minCohort: 3\nminHonest: 2\n')).toMatchObject({ minCohort: 3, minHonest: 2 });
    expect(parse('{"maxRounds": 4}')).toMatchObject({ maxRounds: 4 });
  });

  const faults: Record<string, string> = {
    'an unknown key': 'minCohrt: 2',
    'a floor below two honest inputs': 'minHonest: 1',
    'a key twice': 'maxRounds: 1\nmaxRounds: 9',
    'a text where a number belongs': 'maxRounds: "4"',
    'an empty allow list, which would read as none or as all': 'codeDigests: []',
    'a bad time zone': 'windows: [{days: [mon], from: "08:00", to: "17:00", tz: Mars/Olympus}]',
    'no mapping at all': '- 1',
    'an unknown tag': 'maxRounds: !!js 1',
  };
  for (const [what, text] of Object.entries(faults)) {
    it(`stops on ${what}`, () => {
      expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'LOCAL_POLICY' }));
    });
  }

  it('is read again when the file changes, and its digest with it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sumveil-policy-'));
    const path = join(folder, 'policy.yaml');
    writeFileSync(path, 'maxRounds: 1\n');
    const current = policyFile(path);
    const first = current();
    writeFileSync(path, 'maxRounds: 22\n');
    expect(current().policy.maxRounds).toBe(22);
    expect(current().digest).not.toBe(first.digest);
    writeFileSync(path, 'maxRound: 3\n');
    expect(current).toThrow(expect.objectContaining({ code: 'LOCAL_POLICY' }));
    rmSync(folder, { recursive: true });
    expect(current).toThrow(expect.objectContaining({ code: 'LOCAL_POLICY' }));
  });
});

describe('windows', () => {
  const friday = Date.parse('2026-11-27T22:30:00Z');
  const night = [{ days: ['fri' as const], from: '22:00', to: '06:00', tz: 'UTC' }];
  const rows: [string, number, boolean][] = [
    ['inside', friday, true],
    ['before', friday - 3_600_000, false],
    ['after midnight', friday + 6 * 3_600_000, true],
    ['at the end', friday + 7.5 * 3_600_000, false],
    ['the next night', friday + 24 * 3_600_000, false],
  ];
  for (const [what, at, want] of rows) {
    it(`over midnight: ${what} is ${want ? 'open' : 'closed'}`, () => {
      expect(windowOpen(night, at)).toBe(want);
    });
  }

  it('counts in the zone of the window', () => {
    const tokyo = [{ days: ['sat' as const], from: '07:00', to: '08:00', tz: 'Asia/Tokyo' }];
    expect(windowOpen(tokyo, friday)).toBe(true);
    expect(windowOpen(undefined, friday)).toBe(true);
  });
});
