import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hex, vectors } from '../testing/vectors.ts';
import { checkPacked, packedBytes, packWords, unpackWords } from './packing.ts';
import { centredAux, centredModel, type RingBits, toWords } from './ring.ts';

const file = vectors('packing');

interface PackingCase {
  bits: RingBits;
  residues: string[];
  signed: string[];
  bytes: string;
}

function signedWords(bits: RingBits, values: string[]) {
  const vector = bits === 64 ? BigInt64Array.from(values.map(BigInt)) : Int32Array.from(values.map(Number));
  return toWords(bits, vector, 0, values.length);
}

describe('packing', () => {
  it.each(file.cases as PackingCase[])('packs and unpacks $bits bits', ({ bits, residues, signed, bytes }) => {
    const packed = packWords(bits, signedWords(bits, signed));
    expect(packed.toString('hex')).toBe(bytes);
    const words = unpackWords(bits, residues.length, packed);
    const lifted = bits === 64 ? [...centredAux(words)] : [...centredModel(bits, words)];
    expect(lifted.map(String)).toEqual(signed);
    if (bits !== 64) expect(Array.from(words, String)).toEqual(residues);
  });

  it.each(file.mustRefuse as { bits: RingBits; elements: number; bytes: string; why: string }[])(
    'refuses $bits bits: $why',
    ({ bits, elements, bytes }) => {
      expect(() => unpackWords(bits, elements, hex(bytes))).toThrow(expect.objectContaining({ code: 'CHUNK' }));
      expect(() => checkPacked(bits, elements, hex(bytes))).toThrow(expect.objectContaining({ code: 'CHUNK' }));
    },
  );

  it.each([16, 20, 24, 32, 64] as const)('is a bijection on whole chunks (%i bits)', (bits) => {
    const bytes = randomBytes(packedBytes(bits, 4096));
    expect(packWords(bits, unpackWords(bits, 4096, bytes))).toEqual(bytes);
  });

  it("writes two's complement", () => {
    for (const { q, bits, residue } of vectors('quantisation').twosComplement) {
      const packed = packWords(bits, signedWords(bits, [q]));
      const value = [...packed].reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);
      expect(String(value)).toBe(residue);
    }
  });

  it('refuses a vector of the wrong type or length', () => {
    expect(() => toWords(64, new Int32Array(4), 0, 4)).toThrow(expect.objectContaining({ code: 'INPUT' }));
    expect(() => toWords(32, new Int32Array(4), 0, 5)).toThrow(expect.objectContaining({ code: 'INPUT' }));
  });
});
