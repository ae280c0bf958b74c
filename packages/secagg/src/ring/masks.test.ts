import { createCipheriv, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex, vectors } from '../testing/vectors.ts';
import { aesCtrExpander, applyMask, counterBlock, maskWords } from './masks.ts';
import { packWords, unpackWords } from './packing.ts';
import {
  addWords,
  centredAux,
  centredModel,
  type RingBits,
  subtractWords,
  type Words,
  wordBytes,
  zeroWords,
} from './ring.ts';

const file = vectors('aes256-ctr');
const key = hex(file.stream.key);
const rings: RingBits[] = [16, 20, 24, 32, 64];

/** Residues as the vectors write them, through the packed form so that upper bits are reduced. */
function residues(bits: RingBits, words: Words): bigint[] {
  const elements = bits === 64 ? words.length / 2 : words.length;
  const reduced = unpackWords(bits, elements, packWords(bits, words));
  if (bits !== 64) return Array.from(reduced, BigInt);
  return [...centredAux(reduced)].map((value) => BigInt.asUintN(64, value));
}

describe('mask stream', () => {
  it('rests on the cipher of SP 800-38A F.5.5', () => {
    const { key: known, counter, plaintext, ciphertext } = file.sp80038a;
    const cipher = createCipheriv('aes-256-ctr', hex(known), hex(counter));
    expect(cipher.update(hex(plaintext)).toString('hex')).toBe(ciphertext);
  });

  it.each(file.stream.seek as { block: string; counter: string; keystream: string }[])(
    'seeks to block $block',
    ({ block, counter, keystream }) => {
      expect(counterBlock(BigInt(block)).toString('hex')).toBe(counter);
      const cipher = createCipheriv('aes-256-ctr', key, counterBlock(BigInt(block)));
      expect(cipher.update(Buffer.alloc(16)).toString('hex')).toBe(keystream);
      if (BigInt(block) > Number.MAX_SAFE_INTEGER) return;
      expect(Buffer.from(aesCtrExpander(key, Number(block))(16)).toString('hex')).toBe(keystream);
    },
  );

  it.each(file.stream.carry as { fromBlock: string; keystream: string }[])(
    'carries across the counter from block $fromBlock',
    ({ fromBlock, keystream }) => {
      const cipher = createCipheriv('aes-256-ctr', key, counterBlock(BigInt(fromBlock)));
      expect(cipher.update(Buffer.alloc(32)).toString('hex')).toBe(keystream);
    },
  );

  it.each(file.masks as { bits: RingBits; wordBytes: number; first8: string[]; from16384: string[] }[])(
    'gives the mask words of the $bits-bit ring',
    (entry) => {
      expect(wordBytes(entry.bits)).toBe(entry.wordBytes);
      expect(residues(entry.bits, maskWords(entry.bits, key, 0, 8)).map(String)).toEqual(entry.first8);
      expect(residues(entry.bits, maskWords(entry.bits, key, 16384, 4)).map(String)).toEqual(entry.from16384);
    },
  );

  it.each(rings)('is the same read in one go and by seeking, over several pieces (%i bits)', (bits) => {
    const elements = 40_000;
    const whole = maskWords(bits, key, 0, elements);
    const parts = [0, 16384, 32768].map((start) => maskWords(bits, key, start, Math.min(16384, elements - start)));
    expect(Buffer.concat(parts.map((part) => packWords(bits, part)))).toEqual(packWords(bits, whole));
  });

  it.each(rings)('comes off again (%i bits)', (bits) => {
    const words = zeroWords(bits, 1000);
    randomFill(words);
    const before = words.slice();
    applyMask(bits, words, key, 1, 32);
    expect(words).not.toEqual(before);
    applyMask(bits, words, key, -1, 32);
    expect(words).toEqual(before);
  });
});

describe('ring arithmetic', () => {
  it('equals BigInt arithmetic modulo 2^64', () => {
    const word = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n);
    fc.assert(
      fc.property(word, word, (x, y) => {
        const words = (value: bigint) => new Uint32Array(BigInt64Array.of(value).buffer);
        const [sum, difference] = [words(x), words(x)];
        addWords(64, sum, words(y));
        subtractWords(64, difference, words(y));
        expect(centredAux(sum)[0]).toBe(BigInt.asIntN(64, x + y));
        expect(centredAux(difference)[0]).toBe(BigInt.asIntN(64, x - y));
      }),
    );
    for (const pair of [
      [-1n, 1n],
      [2n ** 32n - 1n, 1n],
      [0n, 1n],
    ] as const) {
      const words = new Uint32Array(BigInt64Array.of(pair[0]).buffer);
      addWords(64, words, new Uint32Array(BigInt64Array.of(pair[1]).buffer));
      expect(centredAux(words)[0]).toBe(pair[0] + pair[1]);
    }
  });

  it.each([16, 20, 24, 32] as const)('wraps around and lifts to the centre (%i bits)', (bits) => {
    const top = 2 ** (bits - 1);
    fc.assert(
      fc.property(fc.integer({ min: -top, max: top - 1 }), fc.integer({ min: -top, max: top - 1 }), (x, y) => {
        const [left, right] = [x, y].map((value) => oneWord(bits, value)) as [Words, Words];
        addWords(bits, left, right);
        const reduced = unpackWords(bits, 1, packWords(bits, left));
        expect(BigInt(centredModel(bits, reduced)[0]!)).toBe(BigInt.asIntN(bits, BigInt(x + y)));
      }),
    );
  });
});

function oneWord(bits: RingBits, value: number): Words {
  const words = zeroWords(bits, 1);
  words[0] = value;
  return words;
}

function randomFill(words: Words): void {
  new Uint8Array(words.buffer).set(randomBytes(words.byteLength));
}
