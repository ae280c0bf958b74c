import { sha256 } from '@sumveil/wire';
import { describe, expect, it } from 'vitest';
import { listHash } from '../messages/lists.ts';
import { hex, vectors } from '../testing/vectors.ts';
import * as schedule from './keySchedule.ts';
import { mlkemPublicKey } from './mlkem.ts';
import { x25519PublicKey } from './x25519.ts';

const { inputs, hashes, keys, ...file } = vectors('key-schedule');
const { u, v } = inputs;
const [planHash, dirHash, u2Hash, a, b, dh] = ['planHash', 'dirHash', 'u2Hash', 'a', 'b', 'dh'].map((name) =>
  hex(inputs[name]),
) as [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer];
const kemShared = hex(inputs.kemShared);
const ctx2 = schedule.maskContext(dirHash, u2Hash);

describe('HKDF-SHA256', () => {
  it.each(vectors('hkdf-sha256').tests as { ikm: string; salt: string; info: string; len: number; okm: string }[])(
    'gives RFC 5869 output of $len bytes',
    ({ ikm, salt, info, len, okm }) => {
      expect(schedule.hkdf(hex(ikm), hex(salt), hex(info), len).toString('hex')).toBe(okm);
    },
  );
});

describe('key schedule', () => {
  it('derives every key of section 7', () => {
    const kem = { sharedKey: kemShared, ciphertext: hex(inputs.kemCt) };
    const derived = [
      schedule.maskX25519PrivateKey(a, planHash, u),
      schedule.maskMlkemSeed(a, planHash, u),
      schedule.shareKey(dh, dirHash, u, v),
      schedule.shareKey(dh, dirHash, v, u),
      schedule.shareKey(dh, dirHash, u, v, kem),
      schedule.escrowPad(a, dirHash, u, v),
      schedule.pairMaskKey(dh, ctx2, [u, v], 0),
      schedule.pairMaskKey(dh, ctx2, [v, u], 1),
      schedule.pairMaskKey(dh, ctx2, [v, u], 0, kemShared),
      schedule.selfMaskKey(b, ctx2, u, 0),
      schedule.selfMaskKey(b, ctx2, u, 1),
    ];
    expect(derived.map((key) => key.toString('hex'))).toEqual(keys.map((key: { okm: string }) => key.okm));
    expect(new Set(derived.map((key) => key.toString('hex'))).size).toBe(derived.length);
  });

  it('gives the public keys behind `a`', () => {
    expect(x25519PublicKey(schedule.maskX25519PrivateKey(a, planHash, u)).toString('hex')).toBe(file.maskX25519Public);
    const kemKey = mlkemPublicKey(schedule.maskMlkemSeed(a, planHash, u));
    expect(sha256(kemKey).toString('hex')).toBe(file.maskMlkem768PublicSha256);
  });

  it('computes every hash of section 7 and 17', () => {
    const nonce = hex(inputs.nonce);
    const items = [u, v].map((idx: number) => ({ idx, bodyHash: hex(inputs.bodyHashes[idx]) }));
    const nonces = [
      { idx: u, nonce },
      { idx: v, nonce: hex(hashes.nonce258) },
    ];
    const rosterHash = sha256(Buffer.from('roster'));
    const computed = {
      ctx2,
      bCommit: schedule.selfMaskCommitment(planHash, u, b),
      nCommit: schedule.nonceCommitment(planHash, u, nonce),
      maskCheck: schedule.maskCheck(planHash, u, v, kemShared),
      list_u1: listHash(planHash, 'u1', items),
      list_u2: listHash(planHash, 'u2', items),
      list_u3: listHash(planHash, 'u3', items),
      graphSeed: schedule.graphSeed(dirHash, nonces),
      gCommit: schedule.groupCommitment(rosterHash, 'job-1', u, nonce),
      assignHash: schedule.groupAssignment(rosterHash, 'job-1', nonces),
    };
    for (const [name, value] of Object.entries(computed))
      expect([name, value.toString('hex')]).toEqual([name, hashes[name]]);
  });

  it('opens what it has put under a pad', () => {
    expect(schedule.xorPad(schedule.xorPad(kemShared, dh), dh)).toEqual(kemShared);
  });
});
