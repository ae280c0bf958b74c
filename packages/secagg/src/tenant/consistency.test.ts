import { randomBytes } from 'node:crypto';
import { sha256, signBody, toBase64url } from '@sumveil/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { listBody } from '../messages/lists.ts';
import { signMessage } from '../messages/open.ts';
import { signedList, signedOf, upToMasked } from '../testing/attempt.ts';
import { phase, refused } from '../testing/refused.ts';
import { makeWorld, type World } from '../testing/world.ts';
import { consistency } from './consistency.ts';

let world: World;
const victim = 4;

beforeEach(() => {
  world = makeWorld(randomBytes, { n: 5 });
});

describe('R3: a tenant signs no second or smaller survivor set', () => {
  it('with a U3 below minSurvivors', () => {
    const { r2 } = upToMasked(world);
    const few = r2.accepted.slice(0, world.plan.minSurvivors - 1);
    const input = { list: signedList(world, 'u3', few), m2s: signedOf(few) };
    expect(() => consistency(r2.states.get(victim)!, input)).toThrow(refused('at least'));
  });

  it('when another survivor saw another U2', () => {
    const { r2 } = upToMasked(world);
    const body = { ...r2.accepted[0]!.body, u2Hash: toBase64url(randomBytes(32)) };
    const signed = signMessage(body, world.rosterKeys.get(1)!);
    const items = [{ idx: 1, bodyHash: sha256(signed.body) }, ...r2.accepted.slice(1)];
    const list = signBody('list', listBody(world.plan.planHash, 'u3', items), world.coordinatorKey);
    const m2s = [signed, ...signedOf(r2.accepted).slice(1)];
    expect(() => consistency(r2.states.get(victim)!, { list, m2s })).toThrow(refused('another U2'));
  });

  it('nor a second one', () => {
    const { r2 } = upToMasked(world);
    const input = { list: signedList(world, 'u3', r2.accepted), m2s: signedOf(r2.accepted) };
    consistency(r2.states.get(victim)!, input);
    const fewer = r2.accepted.slice(0, 4);
    expect(() =>
      consistency(r2.states.get(victim)!, { list: signedList(world, 'u3', fewer), m2s: signedOf(fewer) }),
    ).toThrow(phase);
  });
});
