import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { canonicalBytes, parseCanonical } from './canonical.ts';

const vectors = JSON.parse(readFileSync(new URL('../../../../tests/vectors/log/jcs.json', import.meta.url), 'utf8'));

describe('RFC 8785 (tests/vectors/log/jcs.json)', () => {
  for (const { name, input, canonical, canonicalHex } of vectors.objects) {
    it(`writes the object of ${name}`, () => {
      const bytes = canonicalBytes(JSON.parse(input));
      expect(bytes.toString()).toBe(canonical);
      expect(bytes.toString('hex')).toBe(canonicalHex);
      expect(canonicalBytes(parseCanonical(bytes))).toEqual(bytes);
    });
  }

  for (const { ieee754Hex, want } of vectors.numbers) {
    it(`writes the number ${ieee754Hex} as ${want}`, () => {
      const value = Buffer.from(ieee754Hex, 'hex').readDoubleBE(0);
      expect(canonicalBytes(value).toString()).toBe(want);
    });
  }
});
