import { randomBytes } from 'node:crypto';
import { encodeSigned, toBase64url } from '@sumveil/wire';
import { beforeAll, describe, expect, it } from 'vitest';
import { listHash } from '../messages/lists.ts';
import type { M4 } from '../messages/messages.ts';
import { type Accepted, signMessage } from '../messages/open.ts';
import { randomScalar } from '../sharing/scalar.ts';
import {
  advertiseAll,
  aggregate,
  consistencyAll,
  type Finished,
  idxOf,
  maskAll,
  shareAll,
  unmaskAll,
} from '../testing/attempt.ts';
import { refused } from '../testing/refused.ts';
import { makeWorld } from '../testing/world.ts';
import { acceptM0 } from './acceptM0.ts';
import { acceptM1 } from './acceptM1.ts';
import { acceptM2, checkChunk } from './acceptM2.ts';
import { acceptM3 } from './acceptM3.ts';
import { acceptM4 } from './acceptM4.ts';
import { recoverSecrets } from './recover.ts';
import { unmaskChunk } from './unmaskChunk.ts';

const world = makeWorld(randomBytes, { n: 7, bits: 20, dim: 21, chunkElems: 16 });
const { plan, roster, rosterKeys } = world;
let finished: Finished;
let u: { u1: number[]; u2: number[]; u3: number[] };

beforeAll(() => {
  const integers = { model: new Int32Array(21).fill(-3), aux: BigInt64Array.from([3n, -5n, 1n, 0n, 2n]) };
  const inputs = new Map(world.cohort.map((idx) => [idx, integers]));
  const r0 = advertiseAll(world);
  const u1 = idxOf(r0.accepted);
  const r1 = shareAll(world, r0);
  const r2 = maskAll(world, u1, r1, inputs, u1.slice(0, 6));
  const r3 = consistencyAll(world, r2);
  const m4s = unmaskAll(world, u1, r2, r3).accepted;
  finished = { world, r0, r1, r2, m4s };
  u = { u1, u2: idxOf(r1.accepted), u3: idxOf(r2.accepted) };
});

describe('the coordinator refuses uploads', () => {
  it('of another identity, with a foreign signature, or with bytes behind the message', () => {
    const bytes = encodeSigned(finished.r0.accepted[0]!.signed);
    expect(() => acceptM0(plan, roster, 4, bytes)).toThrow(refused('sent a message of 1'));
    const { body } = finished.r0.accepted[0]!;
    const foreign = encodeSigned(signMessage(body, rosterKeys.get(4)!));
    expect(() => acceptM0(plan, roster, 1, foreign)).toThrow(refused('bad signature'));
    expect(() => acceptM0(plan, roster, 1, Buffer.concat([bytes, bytes]))).toThrow(
      expect.objectContaining({ code: 'FORMAT' }),
    );
    expect(() => acceptM0(plan, roster, 1, bytes, [finished.r0.accepted[1]!])).not.toThrow();
  });

  it('of an M0 that echoes a key of the directory', () => {
    const [first, second] = finished.r0.accepted;
    const echo = { ...second!.body, sKey: first!.body.cKey };
    const bytes = encodeSigned(signMessage(echo, rosterKeys.get(second!.idx)!));
    expect(() => acceptM0(plan, roster, second!.idx, bytes, [first!])).toThrow(refused('twice'));
  });

  it('of an M1 without all its envelopes or with a changed one', () => {
    const { signed, envelopes, idx } = finished.r1.accepted[0]!;
    const dirHash = listHash(plan.planHash, 'u1', finished.r0.accepted);
    const accept = (list: readonly Uint8Array[]) => () =>
      acceptM1(plan, roster, idx, { m1: encodeSigned(signed), envelopes: list }, { u1: u.u1, dirHash });
    expect(accept(envelopes)).not.toThrow();
    expect(accept(envelopes.slice(1))).toThrow(refused('one envelope to each'));
    expect(accept([envelopes[1]!, envelopes[0]!, ...envelopes.slice(2)])).toThrow(refused('another pair'));
    const changed = Buffer.from(envelopes[0]!);
    changed[10]! = changed[10] === 0x41 ? 0x42 : 0x41;
    expect(accept([changed, ...envelopes.slice(1)])).toThrow(refused('shareRoot'));
    expect(accept([Buffer.alloc(8193, 0x20), ...envelopes.slice(1)])).toThrow(refused('8 KiB'));
    expect(() =>
      acceptM1(plan, roster, idx, { m1: encodeSigned(signed), envelopes }, { u1: u.u1, dirHash: randomBytes(32) }),
    ).toThrow(refused('another directory'));
  });

  it('of chunks with a wrong length, padding or number, and of an M2 over other chunks', () => {
    const chunk = finished.r2.uploads.get('1/0/1')!;
    const bad = expect.objectContaining({ code: 'CHUNK' });
    expect(() => checkChunk(plan, 0, 1, chunk)).not.toThrow();
    expect(() => checkChunk(plan, 0, 1, chunk.subarray(1))).toThrow(bad);
    expect(() => checkChunk(plan, 0, 1, Buffer.concat([chunk, Buffer.of(0)]))).toThrow(bad);
    const padded = Buffer.from(chunk);
    padded[padded.length - 1]! |= 0x80;
    expect(() => checkChunk(plan, 0, 1, padded)).toThrow(bad);
    expect(() => checkChunk(plan, 0, 2, chunk)).toThrow(bad);
    expect(() => checkChunk(plan, 2, 0, chunk)).toThrow(bad);
    const m2 = encodeSigned(finished.r2.accepted[0]!.signed);
    const u2Hash = listHash(plan.planHash, 'u2', finished.r1.accepted);
    const accept = (chunkHashes: Buffer[]) => () => acceptM2(plan, roster, 1, m2, { u2Hash, chunkHashes });
    expect(accept([randomBytes(32), randomBytes(32), randomBytes(32)])).toThrow(refused('chunkRoot'));
    expect(accept([randomBytes(32)])).toThrow(bad);
  });

  it('of an M3 or M4 for another set, from outside, or with other shares', () => {
    const u3Hash = listHash(plan.planHash, 'u3', finished.r2.accepted);
    const sets = { ...u, u3Hash };
    const m4 = finished.m4s[0]!;
    const accept = (body: M4) => () =>
      acceptM4(plan, roster, 1, encodeSigned(signMessage(body, rosterKeys.get(1)!)), sets);
    expect(accept(m4.body)).not.toThrow();
    expect(accept({ ...m4.body, b: m4.body.b.slice(1) })).toThrow(refused('not those of the members'));
    expect(accept({ ...m4.body, a: [] })).toThrow(refused('not those of the members'));
    expect(accept({ ...m4.body, u3Hash: toBase64url(randomBytes(32)) })).toThrow(refused('another U3'));
    const big = { idx: m4.body.a[0]!.idx, share: toBase64url(Buffer.alloc(32, 0xff)) };
    expect(accept({ ...m4.body, a: [big] })).toThrow(refused('not below l'));
    const outside = signMessage({ ...m4.body, idx: 19 }, rosterKeys.get(19)!);
    expect(() => acceptM4(plan, roster, 19, encodeSigned(outside), sets)).toThrow(refused('not in U3'));
    const m3 = signMessage(
      { type: 'm3', v: 1, planHash: m4.body.planHash, idx: 1, u3Hash: toBase64url(randomBytes(32)) },
      rosterKeys.get(1)!,
    );
    expect(() => acceptM3(plan, roster, 1, encodeSigned(m3), sets)).toThrow(refused('another U3'));
  });
});

describe('R5', () => {
  function withShare(m4: Accepted<M4>, kind: 'a' | 'b', at: number, share: string): Accepted<M4> {
    const list = m4.body[kind].map((entry, i) => (i === at ? { ...entry, share } : entry));
    return { ...m4, body: { ...m4.body, [kind]: list } };
  }

  it('finds a foreign share, blames its sender and still releases the sum', async () => {
    const foreign = finished.m4s[0]!.body.b[1]!.share;
    const m4s = [withShare(finished.m4s[0]!, 'b', 0, foreign), ...finished.m4s.slice(1)];
    const { secrets, decoded } = await aggregate({ ...finished, m4s });
    expect(secrets.blame).toEqual([{ idx: 1, with: 1, reason: 'bad-share' }]);
    expect([...decoded.sum]).toEqual(Array(21).fill(-18));
  });

  it('stops below the quorum', () => {
    const input = { plan, ...u, m0s: finished.r0.accepted, m4s: finished.m4s.slice(0, plan.threshold - 1) };
    expect(() => recoverSecrets(input)).toThrow(expect.objectContaining({ code: 'NOT_ENOUGH' }));
  });

  it('stops when no set of shares gives the committed secret', () => {
    const m4s = finished.m4s.map((m4) => withShare(m4, 'b', 2, toBase64url(randomScalar(randomBytes))));
    expect(() => recoverSecrets({ plan, ...u, m0s: finished.r0.accepted, m4s })).toThrow(
      expect.objectContaining({ code: 'RECOVERY', detail: expect.stringContaining(`b of ${u.u3[2]}`) }),
    );
  });

  it('gives the same chunk again, in any order, and nothing when one is missing', async () => {
    const { keys, chunks } = await aggregate(finished);
    const input = { plan, segment: 0, chunk: 1, keys, u3: u.u3 };
    const chunkOf = (idx: number) => finished.r2.uploads.get(`${idx}/0/1`)!;
    const again = await unmaskChunk({ ...input, u3: [...u.u3].reverse(), chunkOf });
    expect(again.hash).toEqual(chunks[1]!.hash);
    const missing = (idx: number) => (idx === 4 ? Promise.reject(new Error('gone')) : chunkOf(idx));
    await expect(unmaskChunk({ ...input, chunkOf: missing })).rejects.toThrow('gone');
  });

  it('quarantines a sum that honest inputs cannot reach', async () => {
    const { keys } = await aggregate(finished);
    const chunkOf = (idx: number) => {
      const bytes = Buffer.from(finished.r2.uploads.get(`${idx}/0/0`)!);
      if (idx === 1) bytes[2]! ^= 0x08;
      return bytes;
    };
    await expect(unmaskChunk({ plan, segment: 0, chunk: 0, keys, u3: u.u3, chunkOf })).rejects.toMatchObject({
      code: 'OUT_OF_RANGE',
    });
    const auxOf = (idx: number) => {
      const bytes = Buffer.from(finished.r2.uploads.get(`${idx}/1/0`)!);
      if (idx === 1) bytes[6]! ^= 0x08;
      return bytes;
    };
    await expect(unmaskChunk({ plan, segment: 1, chunk: 0, keys, u3: u.u3, chunkOf: auxOf })).rejects.toMatchObject({
      code: 'OUT_OF_RANGE',
    });
  });
});
