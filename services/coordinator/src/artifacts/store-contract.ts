import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { ArtifactStore } from './store.ts';

const digestOf = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** What every artifact store promises. */
export function storeContract(name: string, make: () => Promise<ArtifactStore>): void {
  describe(name, () => {
    it('gives back what was put, whole and as a stream', async () => {
      const store = await make();
      const bytes = Buffer.from('masked chunk');
      const stored = await store.put(bytes, { maxBytes: 100 });
      expect(stored).toEqual({ digest: digestOf(bytes), size: bytes.length });
      expect(await store.get(stored.digest)).toEqual(bytes);
      const { size, stream } = await store.open(stored.digest);
      expect(size).toBe(bytes.length);
      expect(await buffer(stream)).toEqual(bytes);
    });

    it('takes streams, and the same bytes twice', async () => {
      const store = await make();
      const pieces = () =>
        (async function* () {
          yield Buffer.from('ab');
          yield Buffer.from('c');
        })();
      const [one, two] = await Promise.all([
        store.put(pieces(), { maxBytes: 3 }),
        store.put(pieces(), { maxBytes: 3 }),
      ]);
      expect(one).toEqual(two);
      expect(one.digest).toBe(digestOf(Buffer.from('abc')));
    });

    it('keeps nothing of bytes with another digest than announced', async () => {
      const store = await make();
      const bytes = Buffer.from('changed on the way');
      const announced = digestOf(Buffer.from('as sent'));
      await expect(store.put(bytes, { maxBytes: 100, digest: announced })).rejects.toMatchObject({
        code: 'DIGEST_MISMATCH',
      });
      expect(await store.has(announced)).toBe(false);
      expect(await store.has(digestOf(bytes))).toBe(false);
    });

    it('knows what it does not have', async () => {
      const store = await make();
      const { digest } = await store.put(Buffer.from('x'), { maxBytes: 1 });
      await store.delete(digest);
      await store.delete(digest);
      expect(await store.has(digest)).toBe(false);
      await expect(store.get(digest)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(store.open(digest)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    it('takes nothing but a digest for a name', async () => {
      const store = await make();
      for (const name of ['../passwd', 'sha256:', `sha256:${'0'.repeat(63)}/`, `sha256:${'A'.repeat(64)}`]) {
        await expect(store.get(name), name).rejects.toMatchObject({ code: 'NOT_FOUND' });
      }
    });
  });
}
