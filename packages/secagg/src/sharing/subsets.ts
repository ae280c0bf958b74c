import { sha256, u32 } from '@sumveil/wire';

/**
 * Sets of `size` items, the leading ones first, at most `most` of them. All sets when they are few; else shuffled ones,
 * because the next sets in order would keep the first items for longer than anybody can wait. The shuffle is a fixed one:
 * the same answers lead to the same tries.
 */
export function* subsets<T>(items: readonly T[], size: number, most: number): Generator<T[]> {
  if (items.length < size) return;
  if (countAtMost(items.length, size, most)) yield* inOrder(items, size);
  else {
    yield items.slice(0, size);
    for (let round = 1; round < most; round++) yield shuffled(items, round).slice(0, size);
  }
}

function* inOrder<T>(items: readonly T[], size: number): Generator<T[]> {
  const at = Array.from({ length: size }, (_, i) => i);
  do yield at.map((i) => items[i]!);
  while (advance(at, items.length));
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

function shuffled<T>(items: readonly T[], round: number): T[] {
  const keyed = items.map((item, i) => ({ item, key: sha256(u32(round), u32(i)) }));
  return keyed.sort((x, y) => Buffer.compare(x.key, y.key)).map(({ item }) => item);
}

/** Is the number of sets at most `most`? Stops multiplying as soon as it is not. */
function countAtMost(n: number, k: number, most: number): boolean {
  let count = 1;
  const few = Math.min(k, n - k);
  for (let i = 1; i <= few; i++) {
    count = (count * (n - few + i)) / i;
    if (count > most) return false;
  }
  return true;
}
