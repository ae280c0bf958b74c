import { encodeScalar } from './scalar.ts';
import { combine, interpolate, lagrangeWeights, type Share } from './shamir.ts';

/** Sets of shares tried for one secret before giving up; honest runs need one. */
const MOST_TRIES = 2000;

export interface Recovered {
  readonly secret: Buffer;
  /** positions whose share does not lie on the polynomial of the right secret */
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
 * @param matches the commitment check; it is what makes a wrong secret visible
 * @returns undefined when no set tried matches
 */
export function recoverSecret(
  shares: readonly Share[],
  threshold: number,
  matches: (secret: Buffer) => boolean,
  interpolator: Interpolator = rememberingInterpolator(),
): Recovered | undefined {
  for (const set of subsets(shares, threshold)) {
    const secret = interpolator(set);
    if (matches(secret)) return { secret, odd: oddPositions(shares, set) };
  }
  return undefined;
}

/** True when more shares than the threshold lie on one polynomial: then it was dealt like that, and its dealer is at fault. */
export function isDealtConsistently(shares: readonly Share[], threshold: number): boolean {
  for (const set of subsets(shares, threshold))
    if (oddPositions(shares, set).length < shares.length - threshold) return true;
  return false;
}

function oddPositions(shares: readonly Share[], good: readonly Share[]): number[] {
  if (shares.length === good.length) return [];
  const used = new Set(good.map((share) => share.x));
  return shares
    .filter((share) => !used.has(share.x) && !encodeScalar(interpolate(good, share.x)).equals(share.y))
    .map((share) => share.x);
}

/** Sets of `size` shares, starting with the first ones, at most MOST_TRIES of them. */
function* subsets<T>(items: readonly T[], size: number): Generator<T[]> {
  if (items.length < size) return;
  const at = Array.from({ length: size }, (_, i) => i);
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    yield at.map((i) => items[i]!);
    if (!advance(at, items.length)) return;
  }
}

/** Next set of indices in lexicographic order; false after the last one. */
function advance(at: number[], length: number): boolean {
  let i = at.length - 1;
  while (i >= 0 && at[i] === length - at.length + i) i--;
  if (i < 0) return false;
  at[i]!++;
  for (let j = i + 1; j < at.length; j++) at[j] = at[j - 1]! + 1;
  return true;
}
