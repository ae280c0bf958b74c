import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verifyEd25519 } from './ed25519.ts';

const pair = () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  return { privateKey, raw: Buffer.from(createPublicKey(privateKey).export({ format: 'jwk' }).x!, 'base64url') };
};
const [one, two] = [pair(), pair()];
const message = Buffer.from('said once');
const signature = sign(null, message, one.privateKey);

describe('verifyEd25519', () => {
  it('says yes as often as it is asked', () => {
    expect([1, 2, 3].map(() => verifyEd25519(one.raw, message, signature))).toEqual([true, true, true]);
  });

  it('says no to another key, message or signature, also after a yes', () => {
    const flip = (bytes: Buffer, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
    for (let again = 0; again < 2; again += 1) {
      expect(verifyEd25519(one.raw, message, signature)).toBe(true);
      expect(verifyEd25519(two.raw, message, signature)).toBe(false);
      for (let at = 0; at < 64; at += 1) expect(verifyEd25519(one.raw, message, flip(signature, at))).toBe(false);
      for (let at = 0; at < message.length; at += 1)
        expect(verifyEd25519(one.raw, flip(message, at), signature)).toBe(false);
    }
  });

  it('does not take bytes of one part for those of the next', () => {
    const moved = Buffer.concat([signature.subarray(63), message]);
    expect(verifyEd25519(one.raw, moved, signature.subarray(0, 63))).toBe(false);
    expect(verifyEd25519(Buffer.concat([one.raw, signature.subarray(0, 1)]), message, signature.subarray(1))).toBe(
      false,
    );
  });

  it('forgets the oldest yes after thousands, and finds it again', () => {
    for (let i = 0; i < 5_000; i += 1) {
      const text = Buffer.from(String(i));
      expect(verifyEd25519(two.raw, text, sign(null, text, two.privateKey))).toBe(true);
    }
    expect(verifyEd25519(one.raw, message, signature)).toBe(true);
    expect(verifyEd25519(two.raw, message, signature)).toBe(false);
  });
});
