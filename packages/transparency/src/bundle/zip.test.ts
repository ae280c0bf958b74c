import { readFileSync } from 'node:fs';
import { sha256 } from '@sumveil/wire';
import { describe, expect, it } from 'vitest';
import { readBundleZip, scanBundleZip, writeBundleZip } from './zip.ts';

const vectors = JSON.parse(
  readFileSync(new URL('../../../../tests/vectors/log/bundle-zip.json', import.meta.url), 'utf8'),
);
const files = new Map<string, Buffer>(
  vectors.files.map((f: { name: string; utf8: string }) => [f.name, Buffer.from(f.utf8)]),
);

describe('canonical zip (bundle-zip.json)', () => {
  it('writes the published bytes, whatever the order of the files, and reads them', () => {
    const zip = writeBundleZip(new Map([...files].reverse()));
    expect(zip.toString('base64')).toBe(vectors.canonical.zip);
    expect(sha256(zip).toString('hex')).toBe(vectors.canonical.sha256Hex);
    const read = readBundleZip(zip);
    for (const [name, bytes] of files) expect(Buffer.from(read.get(name)!).equals(bytes)).toBe(true);
    expect(read.size).toBe(files.size);
  });

  for (const row of vectors.cases) {
    it(`refuses ${row.name}`, () => {
      expect(row.want).toBe('reject');
      expect(() => readBundleZip(Buffer.from(row.zip, 'base64'))).toThrow(expect.objectContaining({ code: 'ZIP' }));
    });
  }

  it('still hands over the members of a damaged file, to name the bad one', () => {
    const flipped = vectors.cases.find((c: { name: string }) => c.name === 'bit-flip-in-content');
    const { files: read, fault } = scanBundleZip(Buffer.from(flipped.zip, 'base64'));
    expect(fault).toMatch(/canonical/);
    expect([...read.keys()]).toEqual([...files.keys()]);
  });

  it('refuses every single flipped bit of a small archive', () => {
    const zip = writeBundleZip(
      new Map([
        ['a/b', Buffer.from('x')],
        ['c', Buffer.from('')],
      ]),
    );
    for (let bit = 0; bit < zip.length * 8; bit++) {
      const flipped = Buffer.from(zip);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect([bit, scanBundleZip(flipped).fault === undefined]).toEqual([bit, false]);
    }
  });

  it.each(['../x', 'a//b', '/a', 'a/', 'A', 'ä', '12', '__proto__', '.', ''])(
    'refuses to write the name %j',
    (name) => {
      expect(() => writeBundleZip(new Map([[name, Buffer.from('x')]]))).toThrow(/name refused/);
    },
  );
});
