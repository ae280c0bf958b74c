import type { Timings } from '../timings.ts';

/** When a request that failed is looked at again: a pause of its own that doubles, so that it costs the others nothing. */
export interface Pauses {
  failed(id: bigint): void;
  forget(id: bigint): void;
  rests(id: bigint): boolean;
}

/** @param now milliseconds of a clock that only goes forward */
export function createPauses(
  { signAgain, signAgainLongest }: Pick<Timings, 'signAgain' | 'signAgainLongest'>,
  now: () => number = () => performance.now(),
): Pauses {
  const failures = new Map<bigint, { times: number; until: number }>();
  return {
    failed(id) {
      const times = (failures.get(id)?.times ?? 0) + 1;
      failures.set(id, { times, until: now() + Math.min(signAgainLongest, signAgain * 2 ** (times - 1)) });
    },
    forget: (id) => void failures.delete(id),
    rests: (id) => now() < (failures.get(id)?.until ?? 0),
  };
}
