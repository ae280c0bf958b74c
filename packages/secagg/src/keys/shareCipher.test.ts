import { createCipheriv } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hex, vectors } from '../testing/vectors.ts';
import { openShares, type ShareContext, sealShares } from './shareCipher.ts';

const file = vectors('aes256-gcm');
const { inputs } = vectors('key-schedule');
const context: ShareContext = { planHash: hex(inputs.planHash), dirHash: hex(inputs.dirHash), from: 3, to: 258 };

interface GcmTest {
  key: string;
  nonce: string;
  aad: string;
  plaintext: string;
  ciphertext: string;
  tag: string;
}

describe('share ciphertext', () => {
  const { key, ct, aShare, bShare } = file.share;

  it.each(file.tests as GcmTest[])('rests on the cipher of the GCM submission ($nonce)', (test) => {
    const cipher = createCipheriv('aes-256-gcm', hex(test.key), hex(test.nonce));
    cipher.setAAD(hex(test.aad));
    const ciphertext = Buffer.concat([cipher.update(hex(test.plaintext)), cipher.final()]);
    expect([ciphertext.toString('hex'), cipher.getAuthTag().toString('hex')]).toEqual([test.ciphertext, test.tag]);
  });

  it('opens to both shares and is rebuilt from them', () => {
    expect(openShares(hex(key), hex(ct), context)).toEqual({ a: hex(aShare), b: hex(bShare) });
    const nonce = hex(ct).subarray(0, 12);
    const sealed = sealShares(hex(key), nonce, Buffer.concat([hex(aShare), hex(bShare)]), context);
    expect(sealed.toString('hex')).toBe(ct);
  });

  it('opens to nothing when any byte changes', () => {
    for (let at = 0; at < 92; at++) {
      const bad = hex(ct);
      bad[at]! ^= 0x40;
      expect(() => openShares(hex(key), bad, context)).toThrow(expect.objectContaining({ code: 'REFUSED' }));
    }
    const badKey = hex(key);
    badKey[0]! ^= 1;
    expect(() => openShares(badKey, hex(ct), context)).toThrow();
  });

  it.each([{ planHash: hex(inputs.u2Hash) }, { dirHash: hex(inputs.u2Hash) }, { from: 258, to: 3 }, { to: 259 }])(
    'opens to nothing in another context (%#)',
    (other) => {
      expect(() => openShares(hex(key), hex(ct), { ...context, ...other })).toThrow(
        expect.objectContaining({ code: 'REFUSED' }),
      );
    },
  );
});
