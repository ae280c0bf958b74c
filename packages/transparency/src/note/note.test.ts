import { readFileSync } from 'node:fs';
import { parseRoster } from '@sumveil/wire';
import { describe, expect, it } from 'vitest';
import { keyFromSeed } from '../testing/keys.ts';
import { MemoryTree } from '../tree/memory-tree.ts';
import { checkpointText, openCheckpoint, peekCheckpoint, signCheckpoint } from './checkpoint.ts';
import { cosignedMessage, cosignLine } from './cosignature.ts';
import { addLines, openNote, signNoteLine } from './note.ts';
import { countQuorum, mergeCosignatures, requireQuorum } from './quorum.ts';
import { logVerifier, tlogPolicy, witnessName, witnessVerifiers } from './roster-keys.ts';
import { formatVerifierKey, parseVerifierKey } from './verifier-key.ts';

const load = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../../tests/vectors/log/${name}.json`, import.meta.url), 'utf8'));

const rosters = load('roster-trust').rosters.map((r: { body: string }) => parseRoster(Buffer.from(r.body)));

describe('signed note (signed-note.json)', () => {
  const rows = load('signed-note');

  it('signs as published', () => {
    const { text, keyName, seedHex, line } = rows.signing;
    expect(signNoteLine(text, keyName, keyFromSeed(Buffer.from(seedHex, 'hex')))).toBe(
      `${line}\n`.replace('\n\n', '\n'),
    );
  });

  for (const row of rows.cases) {
    it(`${row.name}: ${row.want}`, () => {
      const open = () => openNote(Buffer.from(row.note), row.vkeys.map(parseVerifierKey));
      if (row.want !== 'ok') return expect(open).toThrow();
      const names = open().verified.map(({ key }) => `${key.name}+${key.keyId.toString('hex')}`);
      expect(names).toEqual(row.verified);
    });
  }

  it.each(rows.badVkeys as string[])('refuses the verifier key %s', (text) => {
    expect(() => parseVerifierKey(text)).toThrow();
  });

  it('refuses oversized notes before looking at them', () => {
    const note = Buffer.from(rows.cases[0].note);
    const line = rows.cases[0].note.split('\n').at(-2);
    const keys = rows.cases[0].vkeys.map(parseVerifierKey);
    expect(() => openNote(addLines(note, Array(1100).fill(`${line}\n`)), keys)).toThrow(/1100 lines/);
    expect(() => openNote(Buffer.alloc(300_000, 97), keys)).toThrow(/256 KiB/);
  });
});

describe('checkpoints (checkpoints.json)', () => {
  const rows = load('checkpoints');

  it('opens all, each being the root of its prefix', () => {
    const tree = new MemoryTree();
    for (const leaf of rows.leavesUtf8) tree.append(Buffer.from(leaf));
    const expected = { origin: 'example.com/log/testdata', keys: [parseVerifierKey(rows.vkey)] };
    for (const [size, note] of rows.checkpoints.entries()) {
      const { checkpoint, text } = openCheckpoint(Buffer.from(note), expected);
      expect(checkpoint).toEqual({ origin: expected.origin, size, root: tree.root(size) });
      expect(checkpointText(checkpoint)).toBe(text);
      expect(peekCheckpoint(Buffer.from(note)).size).toBe(size);
    }
    expect(() => openCheckpoint(Buffer.from(rows.checkpoints[1]), { ...expected, origin: 'other' })).toThrow(/origin/);
  });
});

describe('keys derived from a roster (roster-trust.json)', () => {
  it.each([0, 1])('epoch at %i has the published log key, witness keys and policy text', (i) => {
    const want = load('roster-trust').derived[i];
    expect(formatVerifierKey(logVerifier(rosters[i]))).toBe(want.log);
    expect(witnessVerifiers(rosters[i]).map(({ key }) => formatVerifierKey(key))).toEqual(want.witnesses);
    expect(tlogPolicy(rosters[i])).toBe(want.policy);
    expect(parseVerifierKey(want.log)).toEqual(logVerifier(rosters[i]));
  });
});

describe('cosignatures (cosignature.json)', () => {
  const rows = load('cosignature');

  for (const row of rows.published) {
    it(`reads the published cosignature of ${row.name}`, () => {
      const { verified, text } = openNote(Buffer.from(row.note), [parseVerifierKey(row.vkey)]);
      expect(text).toBe(row.body);
      expect(verified.map((v) => v.time)).toEqual([Number(row.time)]);
      expect(cosignedMessage(text, BigInt(row.time)).toString()).toBe(row.signedMessage);
    });
  }

  for (const row of rows.product.cases) {
    it(`${row.name}: ${row.want}`, () => {
      const note = Buffer.from(row.note);
      if (row.want === 'reject') return expect(() => countQuorum(note, rosters[0])).toThrow();
      expect(countQuorum(note, rosters[0]).ok).toBe(row.want === 'quorum');
      if (row.want !== 'quorum') expect(() => requireQuorum(note, rosters[0])).toThrow(/needs 4/);
    });
  }

  it('cosigns byte for byte like the vectors, and merges one line a tenant', () => {
    const want = Buffer.from(rows.product.cases.find((c: { name: string }) => c.name === 'all-five').note);
    const { checkpoint } = openCheckpoint(want, { origin: rosters[0].logOrigin, keys: [logVerifier(rosters[0])] });
    let note = signCheckpoint(checkpoint, keyFromSeed(Buffer.alloc(32, 1)));
    const { cosigners } = countQuorum(want, rosters[0]);
    for (const [i, { tenantRef, time }] of cosigners.entries()) {
      const name = witnessName(checkpoint.origin, tenantRef);
      const line = cosignLine(checkpointText(checkpoint), name, keyFromSeed(Buffer.alloc(32, 0x21 + i)), time);
      note = mergeCosignatures(note, Buffer.from(line), rosters[0]);
      note = mergeCosignatures(note, Buffer.from(line), rosters[0]);
    }
    expect(note.toString()).toBe(want.toString());
    expect(countQuorum(note, rosters[0])).toMatchObject({ have: 5, needs: 4, ok: true });
  });

  it('refuses to merge what is not by a witness, or is of another checkpoint', () => {
    const cp = { origin: rosters[0].logOrigin, size: 1, root: Buffer.alloc(32, 7) };
    const note = signCheckpoint(cp, keyFromSeed(Buffer.alloc(32, 1)));
    const name = witnessName(cp.origin, rosters[0].members[0].tenantRef);
    const other = cosignLine(checkpointText({ ...cp, size: 2 }), name, keyFromSeed(Buffer.alloc(32, 0x21)), 9);
    expect(() => mergeCosignatures(note, Buffer.from(other), rosters[0])).toThrow(/does not verify/);
    const stranger = cosignLine(checkpointText(cp), 'auditor', keyFromSeed(Buffer.alloc(32, 5)), 9);
    expect(() => mergeCosignatures(note, Buffer.from(stranger), rosters[0])).toThrow(/no cosignature/);
  });
});
