import { sha256 } from '@sumveil/wire';
import { describe, expect, it } from 'vitest';
import { hex, vectors } from '../testing/vectors.ts';
import { checkMlkemPublicKey, mlkemDecapsulate, mlkemEncapsulate, mlkemPublicKey } from './mlkem.ts';

const file = vectors('mlkem768');
const seed = hex(file.seed);

describe('ML-KEM-768', () => {
  it('derives the encapsulation key from the seed', () => {
    expect(mlkemPublicKey(seed).toString('hex')).toBe(file.encapsulationKey);
    expect(sha256(mlkemPublicKey(seed)).toString('hex')).toBe(file.encapsulationKeySha256);
  });

  it('decapsulates, and gives another key for a changed ciphertext', () => {
    const ciphertext = hex(file.ciphertext);
    expect(mlkemDecapsulate(seed, ciphertext).toString('hex')).toBe(file.sharedKey);
    const { flipByte, xor, sharedKey } = file.changedCiphertext;
    ciphertext[flipByte]! ^= Number.parseInt(xor, 16);
    expect(mlkemDecapsulate(seed, ciphertext).toString('hex')).toBe(sharedKey);
  });

  it('encapsulates to what decapsulation gives', () => {
    const { ciphertext, sharedKey } = mlkemEncapsulate(mlkemPublicKey(seed));
    expect(ciphertext).toHaveLength(1088);
    expect(mlkemDecapsulate(seed, ciphertext)).toEqual(Buffer.from(sharedKey));
  });

  it('refuses a key whose coefficients are not reduced, and one of another length', () => {
    const key = mlkemPublicKey(seed);
    checkMlkemPublicKey(key);
    for (const [at, value] of [
      [0, 0x01],
      [1, 0xd0],
    ] as const) {
      const bad = Buffer.from(key);
      bad[at] = value;
      bad[at + 1] = at === 0 ? (bad[1]! & 0xf0) | 0x0d : 0xff;
      expect(() => checkMlkemPublicKey(bad)).toThrow(expect.objectContaining({ code: 'REFUSED' }));
      expect(() => mlkemEncapsulate(bad)).toThrow();
    }
    expect(() => checkMlkemPublicKey(key.subarray(1))).toThrow(expect.objectContaining({ code: 'REFUSED' }));
  });
});
