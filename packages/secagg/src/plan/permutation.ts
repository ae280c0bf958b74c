import { aesCtrExpander } from '../ring/masks.ts';

const RANGE = 2 ** 32;

/**
 * Fisher–Yates for i = length-1 … 1 with unbiased draws from AES-256-CTR under the seed (section 14): words at or above the
 * largest multiple of i+1 are skipped.
 */
export function permute<T>(items: readonly T[], seed: Uint8Array): T[] {
  const out = [...items];
  const stream = aesCtrExpander(seed, 0);
  for (let i = out.length - 1; i > 0; i--) {
    const j = draw(stream, i + 1);
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}

function draw(stream: (bytes: number) => Uint8Array, m: number): number {
  const limit = Math.floor(RANGE / m) * m;
  for (;;) {
    const word = Buffer.from(stream(4)).readUInt32LE();
    if (word < limit) return word % m;
  }
}
