import { createHash } from 'node:crypto';

/**
 * The same reading of bytes, done once for each content: for values that a process reads again and again, such as a plan
 * file. `read` must depend on nothing but the bytes. The value is frozen, because every caller gets the same one; what
 * `read` throws is thrown again each time.
 *
 * @param keep how many contents are remembered; the one that was not asked for the longest goes first
 */
export function byContent<T>(read: (bytes: Uint8Array) => T, keep: number): (bytes: Uint8Array) => T {
  const known = new Map<string, T>();
  return (bytes) => {
    const name = createHash('sha256').update(bytes).digest('base64');
    const value = known.has(name) ? (known.get(name) as T) : frozen(read(bytes));
    known.delete(name);
    known.set(name, value);
    if (known.size > keep) known.delete(known.keys().next().value!);
    return value;
  };
}

/** Views of bytes cannot be frozen; what holds them is. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value)) return value;
  for (const member of Object.values(value)) frozen(member);
  return Object.freeze(value);
}
