import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex, vectors } from '../testing/vectors.ts';
import { isDealtConsistently, recoverSecret } from './recover.ts';
import { decodeScalar, encodeScalar, invert, modulo, ORDER, randomScalar } from './scalar.ts';
import { dealShares, drawCoefficients, reconstruct, type Share } from './shamir.ts';

const file = vectors('shamir-zl');

interface KnownShare {
  x: number;
  y: string;
}

function share({ x, y }: KnownShare): Share {
  return { x, y: hex(y) };
}

describe('scalars', () => {
  it('have the order of the document', () => {
    expect(ORDER).toBe(BigInt(file.l));
    expect(encodeScalar(ORDER).toString('hex')).toBe(file.lLittleEndian);
  });

  it.each(file.mustRefuse.filter((entry: { y?: string }) => entry.y) as { why: string; y: string }[])(
    'refuse $why',
    ({ y }) => {
      expect(() => decodeScalar(hex(y))).toThrow(expect.objectContaining({ code: 'REFUSED' }));
    },
  );

  it('have inverses', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, ORDER - 1n), (value) => modulo(value * invert(value)) === 1n),
      { numRuns: 50 },
    );
    expect(() => invert(0n)).toThrow();
  });
});

describe('sharing', () => {
  it('gives the shares of RFC 9591 E.1', () => {
    const { secret, coefficient1, shares } = file.rfc9591;
    const dealt = dealShares(hex(secret), [decodeScalar(hex(coefficient1))], [1, 2, 3]);
    expect(dealt.map((y) => y.toString('hex'))).toEqual(shares.map(({ y }: KnownShare) => y));
    expect(reconstruct([share(shares[2]), share(shares[0])])).toEqual(hex(secret));
  });

  it('deals and reconstructs the general example from any five shares, and nothing from four', () => {
    const { coefficients, shares, reconstruct: sets, fourSharesGive } = file.general;
    const known: KnownShare[] = shares;
    const [secret, ...rest] = coefficients.map(hex) as Buffer[];
    const dealt = dealShares(
      secret!,
      rest.map((c) => decodeScalar(c)),
      known.map(({ x }) => x),
    );
    expect(dealt.map((y) => y.toString('hex'))).toEqual(known.map(({ y }) => y));
    for (const set of sets) {
      const chosen = set.xs.map((x: number) => share(known.find((candidate) => candidate.x === x)!));
      expect(reconstruct(chosen)).toEqual(hex(set.secret));
    }
    expect(reconstruct(known.slice(0, 4).map(share))).toEqual(hex(fourSharesGive));
  });

  it('refuses position 0 and a repeated position', () => {
    const y = hex(file.general.shares[0].y);
    expect(() => reconstruct([{ x: 0, y }])).toThrow(expect.objectContaining({ code: 'REFUSED' }));
    expect(() =>
      reconstruct([
        { x: 1, y },
        { x: 1, y },
      ]),
    ).toThrow(expect.objectContaining({ code: 'REFUSED' }));
  });
});

describe('recovering a secret', () => {
  const threshold = 4;
  const secret = randomScalar(randomBytes);
  const matches = (candidate: Buffer) => candidate.equals(secret);

  function deal(of = secret): Share[] {
    const xs = [1, 2, 3, 4, 5, 6, 7];
    const ys = dealShares(of, drawCoefficients(threshold, randomBytes), xs);
    return xs.map((x, i) => ({ x, y: ys[i]! }));
  }

  it('finds the right set when shares are wrong and says which', () => {
    const shares = deal().map((entry) =>
      [1, 6].includes(entry.x) ? { ...entry, y: randomScalar(randomBytes) } : entry,
    );
    expect(recoverSecret(shares, threshold, matches)).toEqual({ secret, odd: [1, 6] });
  });

  it('finds it among many holders, though the first share is wrong', () => {
    const xs = Array.from({ length: 60 }, (_, i) => i + 1);
    const ys = dealShares(secret, drawCoefficients(45, randomBytes), xs);
    const wrong = [1, 2, 30];
    const shares = xs.map((x, i) => ({ x, y: wrong.includes(x) ? randomScalar(randomBytes) : ys[i]! }));
    expect(recoverSecret(shares, 45, matches)).toEqual({ secret, odd: wrong });
  });

  it('does not look for wrong shares that it did not need', () => {
    const shares = deal().map((entry) => (entry.x === 7 ? { ...entry, y: randomScalar(randomBytes) } : entry));
    expect(recoverSecret(shares, threshold, matches)).toEqual({ secret, odd: [] });
  });

  it('blames the dealer when the shares of a wrong secret agree with each other', () => {
    const shares = deal(randomScalar(randomBytes));
    expect(recoverSecret(shares, threshold, matches)).toBeUndefined();
    expect(isDealtConsistently(shares, threshold)).toBe(true);
    const scattered = shares.map((entry) => ({ ...entry, y: randomScalar(randomBytes) }));
    expect(isDealtConsistently(scattered, threshold)).toBe(false);
  });
});
