import { randomBytes } from 'node:crypto';
import { toBase64url } from '@sumveil/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import type { M4 } from '../messages/messages.ts';
import { signMessage } from '../messages/open.ts';
import { consistencyAll, idxOf, signedOf, unmaskAll, upToMasked } from '../testing/attempt.ts';
import { phase, refused } from '../testing/refused.ts';
import { makeWorld, type World } from '../testing/world.ts';
import { unmask } from './unmask.ts';

let world: World;
const victim = 4;

beforeEach(() => {
  world = makeWorld(randomBytes, { n: 5 });
});

describe('R4: a tenant answers once', () => {
  function prepare() {
    const run = upToMasked(world, [1, 4, 7, 10]);
    return { ...run, r3: consistencyAll(world, run.r2) };
  }

  it('with one kind of share for each tenant, never both', () => {
    const { r1, r2, r3 } = prepare();
    const [m4] = unmaskAll(world, idxOf(r1.accepted), r2, r3).accepted;
    const kinds = (list: M4['a']) => list.map((entry) => entry.idx);
    expect(kinds(m4!.body.b)).toEqual([1, 4, 7, 10]);
    expect(kinds(m4!.body.a)).toEqual([13]);
  });

  it('and not again, also from an older state; the kept bytes remain', () => {
    const { r3 } = prepare();
    const state = r3.states.get(victim)!;
    const m3s = signedOf(r3.accepted);
    const { state: done, m4 } = unmask(state, { m3s });
    expect(() => unmask(state, { m3s })).toThrow(phase);
    expect(done.m4).toBe(m4);
  });

  it('only to a quorum of M3 for the set it signed', () => {
    const { r3 } = prepare();
    const m3s = signedOf(r3.accepted);
    expect(() => unmask(r3.states.get(1)!, { m3s: m3s.slice(1) })).toThrow(refused('of 4 M3'));
    expect(() => unmask(r3.states.get(4)!, { m3s: [m3s[0]!, m3s[0]!, m3s[0]!, m3s[0]!] })).toThrow(refused('1 of 4'));
    const body = { ...r3.accepted[0]!.body, u3Hash: toBase64url(randomBytes(32)) };
    const other = signMessage(body, world.rosterKeys.get(1)!);
    expect(() => unmask(r3.states.get(7)!, { m3s: [other, ...m3s.slice(1)] })).toThrow(refused('another U3'));
    const stranger = signMessage({ ...r3.accepted[0]!.body, idx: 13 }, world.rosterKeys.get(13)!);
    expect(() => unmask(r3.states.get(10)!, { m3s: [...m3s.slice(1), stranger] })).toThrow(refused('not in U3'));
  });

  it('and its secrets are gone afterwards', () => {
    const { r3 } = prepare();
    const state = r3.states.get(victim)!;
    const { a, b, cSk } = state.secrets;
    unmask(state, { m3s: signedOf(r3.accepted) });
    for (const secret of [a, b, cSk]) expect(secret.every((byte) => byte === 0)).toBe(true);
    expect(state.secrets.held.size).toBe(0);
  });
});
