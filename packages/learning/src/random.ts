/**
 * Seeded generator for splits, batches and initial weights: xoshiro128** (Blackman, Vigna 2021) seeded by splitmix32.
 * It makes training repeatable and is no source of secrets; masks and keys never come from here.
 */
export interface Random {
  /** Uniform in [0, 1), multiple of 2^-53. */
  uniform(): number;
  /** Uniform integer in 0..bound-1, bound <= 2^32; by rejection, hence unbiased. */
  below(bound: number): number;
}

/** `stream` keeps the uses of one seed apart, for example `split` and `batch/3`. */
export function seededRandom(seed: number, stream: string): Random {
  const state = seedState(seed, stream);
  const next = (): number => xoshiro(state);
  return {
    uniform: () => (next() >>> 5) * 2 ** -27 + (next() >>> 6) * 2 ** -53,
    below: (bound) => {
      const limit = 2 ** 32 - (2 ** 32 % bound);
      let word = next();
      while (word >= limit) word = next();
      return word % bound;
    },
  };
}

/** Fisher-Yates, in place. */
export function shuffle(items: Int32Array, random: Random): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const item = items[i] as number;
    items[i] = items[j] as number;
    items[j] = item;
  }
}

function seedState(seed: number, stream: string): Uint32Array {
  let mix = 0x9e3779b9 ^ (seed >>> 0);
  mix = splitmix(mix ^ Math.floor(seed / 2 ** 32));
  for (let i = 0; i < stream.length; i++) mix = splitmix(mix + stream.charCodeAt(i));
  const state = new Uint32Array(4);
  for (let i = 0; i < 4; i++) {
    mix = (mix + 0x9e3779b9) >>> 0;
    state[i] = splitmix(mix);
  }
  return state;
}

function splitmix(value: number): number {
  let z = (value + 0x9e3779b9) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}

function xoshiro(state: Uint32Array): number {
  const [a, b, c, d] = state as unknown as [number, number, number, number];
  const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
  const c2 = c ^ a;
  const d2 = d ^ b;
  state[1] = b ^ c2;
  state[0] = a ^ d2;
  state[2] = c2 ^ (b << 9);
  state[3] = rotate(d2, 11);
  return result;
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}
