import { SecaggError } from '../error.ts';
import { decodeScalar, encodeScalar, invert, modulo, type Random, randomScalar } from './scalar.ts';

/** Value of the sharing polynomial at a tenant's position (section 6). */
export interface Share {
  /** 1-based place of the holder in the cohort */
  readonly x: number;
  /** 32 bytes, little-endian, below l */
  readonly y: Uint8Array;
}

/** `f_1 … f_(t-1)`, drawn in this order, 64 bytes each. */
export function drawCoefficients(threshold: number, random: Random): bigint[] {
  return Array.from({ length: threshold - 1 }, () => decodeScalar(randomScalar(random)));
}

/** Shares of a 32-byte secret at the given positions. */
export function dealShares(
  secret: Uint8Array,
  coefficients: readonly bigint[],
  positions: readonly number[],
): Buffer[] {
  const polynomial = [decodeScalar(secret), ...coefficients];
  return positions.map((x) => encodeScalar(evaluate(polynomial, checkPosition(x))));
}

/**
 * Secret behind exactly the given shares: Lagrange interpolation at 0. The caller passes as many shares as the threshold.
 *
 * @throws SecaggError `REFUSED` for a position 0 or repeated, or a value that is no scalar
 */
export function reconstruct(shares: readonly Share[]): Buffer {
  return encodeScalar(interpolate(shares, 0));
}

/** Value at `at` of the polynomial of lowest degree through the shares. */
export function interpolate(shares: readonly Share[], at: number): bigint {
  const weights = lagrangeWeights(
    shares.map((share) => share.x),
    at,
  );
  return combine(weights, shares);
}

/** Σ weight · y, the cheap part: weights can be kept while many secrets are shared among the same positions. */
export function combine(weights: readonly bigint[], shares: readonly Share[]): bigint {
  let sum = 0n;
  for (const [i, share] of shares.entries()) sum += weights[i]! * decodeScalar(share.y);
  return modulo(sum);
}

/** Lagrange basis polynomials of the positions, evaluated at `at`. */
export function lagrangeWeights(positions: readonly number[], at: number): bigint[] {
  if (new Set(positions).size !== positions.length) throw new SecaggError('REFUSED', 'a share position is repeated');
  const xs = positions.map((x) => BigInt(checkPosition(x)));
  const point = BigInt(at);
  return xs.map((x) => {
    let numerator = 1n;
    let denominator = 1n;
    for (const other of xs) {
      if (other === x) continue;
      numerator = modulo(numerator * (point - other));
      denominator = modulo(denominator * (x - other));
    }
    return modulo(numerator * invert(denominator));
  });
}

function evaluate(polynomial: readonly bigint[], position: number): bigint {
  const x = BigInt(position);
  let value = 0n;
  for (let i = polynomial.length - 1; i >= 0; i--) value = modulo(value * x + polynomial[i]!);
  return value;
}

function checkPosition(x: number): number {
  if (!Number.isInteger(x) || x < 1 || x > 1000) throw new SecaggError('REFUSED', 'share position outside 1..1000');
  return x;
}
