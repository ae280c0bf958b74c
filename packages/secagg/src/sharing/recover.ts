import { encodeScalar } from './scalar.ts';
import { combine, interpolate, lagrangeWeights, type Share } from './shamir.ts';
import { subsets } from './subsets.ts';

/** Sets of shares tried for one secret before giving up; honest runs need one. */
const MOST_TRIES = 2000;
/** Sets tried to see whether a wrong secret was dealt consistently; this only decides whom to blame. */
const MOST_BLAME_TRIES = 50;

export interface Recovered {
  readonly secret: Buffer;
  /** positions whose share is not on the polynomial of the right secret; looked for only when the first set was wrong */
  readonly odd: readonly number[];
}

/** Interpolates at 0 and remembers the weights: in complete mode all secrets share the same first set of positions. */
export type Interpolator = (shares: readonly Share[]) => Buffer;

export function rememberingInterpolator(): Interpolator {
  let key = '';
  let weights: bigint[] = [];
  return (shares) => {
    const xs = shares.map((share) => share.x);
    if (xs.join() !== key) {
      weights = lagrangeWeights(xs, 0);
      key = xs.join();
    }
    return encodeScalar(combine(weights, shares));
  };
}

/**
 * Tries sets of `threshold` shares until one gives a secret that matches its commitment (section 10, R5).
 *
 * @param shares the most trusted first
 * @param matches the commitment check; it is what makes a wrong secret visible
 * @returns undefined when no set tried matches
 */
export function recoverSecret(
  shares: readonly Share[],
  threshold: number,
  matches: (secret: Buffer) => boolean,
  interpolator: Interpolator = rememberingInterpolator(),
): Recovered | undefined {
  let tries = 0;
  for (const set of subsets(shares, threshold, MOST_TRIES)) {
    const secret = interpolator(set);
    if (matches(secret)) return { secret, odd: tries === 0 ? [] : oddPositions(shares, set) };
    tries++;
  }
  return undefined;
}

/** True when more shares than the threshold lie on one polynomial: then it was dealt like that, and its dealer is at fault. */
export function isDealtConsistently(shares: readonly Share[], threshold: number): boolean {
  for (const set of subsets(shares, threshold, MOST_BLAME_TRIES)) {
    if (oddPositions(shares, set).length < shares.length - threshold) return true;
  }
  return false;
}

/** Positions outside a set whose share is not on the set's polynomial. */
function oddPositions(shares: readonly Share[], good: readonly Share[]): number[] {
  const used = new Set(good.map((share) => share.x));
  return shares
    .filter((share) => !used.has(share.x) && !encodeScalar(interpolate(good, share.x)).equals(share.y))
    .map((share) => share.x)
    .sort((x, y) => x - y);
}
