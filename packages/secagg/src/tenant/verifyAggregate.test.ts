import { randomBytes } from 'node:crypto';
import { type Signed, sha256, signBody, toBase64url } from '@sumveil/wire';
import { describe, expect, it } from 'vitest';
import { manifestBody } from '../coordinator/manifest.ts';
import { listHash } from '../messages/lists.ts';
import {
  advertiseAll,
  aggregate,
  consistencyAll,
  envelopesOf,
  idxOf,
  maskAll,
  shareAll,
  signedOf,
  unmaskAll,
} from '../testing/attempt.ts';
import { makeWorld } from '../testing/world.ts';
import { chunkRoot } from '../tree/chunkTree.ts';
import { type PublishedAttempt, verifyAggregate } from './verifyAggregate.ts';

const refused = (detail: string) => ({ code: 'REFUSED', detail: expect.stringContaining(detail) });

describe.each([1, 2] as const)('a published attempt of suite %i', (suite) => {
  async function publish() {
    const world = makeWorld(randomBytes, { n: 5, suite });
    const { plan, roster } = world;
    const integers = { model: new Int32Array(20).fill(9), aux: BigInt64Array.from([1n, 2n, 3n, 4n, 5n]) };
    const r0 = advertiseAll(world);
    const u1 = idxOf(r0.accepted);
    const r1 = shareAll(world, r0);
    const r2 = maskAll(world, u1, r1, new Map(u1.map((idx) => [idx, integers])), [1, 7, 10, 13]);
    const r3 = consistencyAll(world, r2);
    const finished = { world, r0, r1, r2, m4s: unmaskAll(world, u1, r2, r3).accepted };
    const { chunks, secrets } = await aggregate(finished);
    const sign = (hashes: Buffer[]): Signed => {
      const u3Hash = listHash(plan.planHash, 'u3', r2.accepted);
      const body = manifestBody({ plan, u3: idxOf(r2.accepted), u3Hash, aggRoot: chunkRoot(plan, hashes), secrets });
      return signBody('manifest', body, world.coordinatorKey);
    };
    const published: PublishedAttempt = {
      plan,
      roster,
      manifest: sign(chunks.map((chunk) => chunk.hash)),
      m0s: signedOf(r0.accepted),
      m1s: signedOf(r1.accepted),
      m2s: signedOf(r2.accepted),
      chunkOf: (idx, segment, chunk) => r2.uploads.get(`${idx}/${segment}/${chunk}`)!,
      envelopeOf: envelopesOf(finished),
    };
    return { world, published, chunks, sign };
  }

  it('is confirmed by a tenant that recomputes it', async () => {
    const { published } = await publish();
    expect((await verifyAggregate(published)).survivors).toEqual([1, 7, 10, 13]);
  });

  it('is refused when the sum is another one', async () => {
    const { published, chunks, sign } = await publish();
    const hashes = chunks.map((chunk, i) =>
      i === 0 ? sha256(Buffer.concat([chunk.bytes, Buffer.of(1)])) : chunk.hash,
    );
    await expect(verifyAggregate({ ...published, manifest: sign(hashes) })).rejects.toMatchObject(
      refused('recomputed'),
    );
  });

  it('is refused when an upload was changed together with the sum', async () => {
    const { published } = await publish();
    const chunkOf: PublishedAttempt['chunkOf'] = async (idx, segment, chunk) => {
      const bytes = Buffer.from(await published.chunkOf(idx, segment, chunk));
      if (idx === 7 && segment === 0 && chunk === 0) bytes[0]! ^= 1;
      return bytes;
    };
    await expect(verifyAggregate({ ...published, chunkOf })).rejects.toMatchObject(refused('not the one it signed'));
  });

  it('is refused with a forged secret, a missing message or another key', async () => {
    const { world, published } = await publish();
    const value = JSON.parse(Buffer.from(published.manifest.body).toString());
    value.b[0].secret = toBase64url(Buffer.alloc(32, 1));
    const forged = signBody('manifest', Buffer.from(JSON.stringify(value)), world.coordinatorKey);
    await expect(verifyAggregate({ ...published, manifest: forged })).rejects.toMatchObject(refused('committed'));
    await expect(verifyAggregate({ ...published, m2s: published.m2s.slice(1) })).rejects.toMatchObject(
      refused('M2 shown'),
    );
    await expect(verifyAggregate({ ...published, m1s: published.m1s.slice(1) })).rejects.toMatchObject(
      refused('another U2'),
    );
    const foreign = signBody('manifest', published.manifest.body, world.rosterKeys.get(1)!);
    await expect(verifyAggregate({ ...published, manifest: foreign })).rejects.toMatchObject(refused('bad signature'));
  });
});
