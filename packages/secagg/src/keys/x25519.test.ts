import { describe, expect, it } from 'vitest';
import { hex, vectors } from '../testing/vectors.ts';
import { checkX25519PublicKey, x25519, x25519Agree, x25519PublicKey } from './x25519.ts';

const file = vectors('x25519');

describe('X25519', () => {
  it.each(file.scalarMult as { k: string; u: string; out: string }[])('multiplies $k', ({ k, u, out }) => {
    expect(x25519(hex(k), hex(u)).toString('hex')).toBe(out);
  });

  it('passes the iterated test of RFC 7748', () => {
    let [k, u] = [hex(file.iterated.start), hex(file.iterated.start)];
    for (let i = 1; i <= 1000; i++) {
      [k, u] = [x25519(k, u), k];
      if (i === 1) expect(k.toString('hex')).toBe(file.iterated.after1);
    }
    expect(k.toString('hex')).toBe(file.iterated.after1000);
  });

  it('agrees on the secret of section 6.1', () => {
    const { a, A, b, B, shared } = file.agreement;
    expect(x25519PublicKey(hex(a)).toString('hex')).toBe(A);
    expect(x25519Agree(hex(a), hex(B)).toString('hex')).toBe(shared);
    expect(x25519Agree(hex(b), hex(A)).toString('hex')).toBe(shared);
  });

  it.each(file.mustRefuse as { publicKey: string; why: string }[])('refuses $why', ({ publicKey }) => {
    expect(() => checkX25519PublicKey(hex(publicKey))).toThrow(expect.objectContaining({ code: 'REFUSED' }));
    expect(() => x25519Agree(hex(file.agreement.a), hex(publicKey))).toThrow(
      expect.objectContaining({ code: 'REFUSED' }),
    );
  });

  it('takes the largest canonical key below p that is not of low order', () => {
    expect(() =>
      checkX25519PublicKey(Buffer.concat([Buffer.of(0xeb), Buffer.alloc(30, 0xff), Buffer.of(0x7f)])),
    ).not.toThrow();
  });
});
