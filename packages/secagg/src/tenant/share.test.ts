import { randomBytes } from 'node:crypto';
import { canonicalBytes, type Signed, sha256, signBody, toBase64url } from '@sumveil/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { listBody } from '../messages/lists.ts';
import { signMessage } from '../messages/open.ts';
import { advertiseAll, signedList, signedOf } from '../testing/attempt.ts';
import { phase, refused } from '../testing/refused.ts';
import { makeWorld, type World } from '../testing/world.ts';
import { share } from './share.ts';

let world: World;
const victim = 4;

/** A body changed and signed again by the coordinator. */
function relist(list: Signed, change: object): Signed {
  const value = { ...JSON.parse(Buffer.from(list.body).toString()), ...change };
  return signBody('list', canonicalBytes(value), world.coordinatorKey);
}

beforeEach(() => {
  world = makeWorld(randomBytes, { n: 5 });
});

describe('R1: a tenant refuses the directory', () => {
  function attempt(change: (m0s: Signed[], list: Signed) => { m0s?: Signed[]; list?: Signed }) {
    const r0 = advertiseAll(world);
    const honest = { m0s: signedOf(r0.accepted), list: signedList(world, 'u1', r0.accepted) };
    return () => share(r0.states.get(victim)!, { ...honest, ...change([...honest.m0s], honest.list) });
  }

  it.each<[string, (m0s: Signed[], list: Signed) => { m0s?: Signed[]; list?: Signed }, string]>([
    [
      'signed by somebody else',
      (_, { body }) => ({ list: signBody('list', body, world.rosterKeys.get(1)!) }),
      'bad signature',
    ],
    ['of another phase', (_, list) => ({ list: relist(list, { phase: 'u2' }) }), 'is of phase'],
    [
      'of another plan',
      (_, list) => ({ list: relist(list, { planHash: toBase64url(randomBytes(32)) }) }),
      'another plan',
    ],
    ['with a stranger', (_, list) => ({ list: relist(list, { members: [1, 2, 4, 7, 10] }) }), 'stranger'],
    [
      'without this tenant',
      (m, list) => ({ list: relist(list, { members: [1, 7, 10, 13] }), m0s: m }),
      'leaves this tenant',
    ],
    ['below minSurvivors', (_, list) => ({ list: relist(list, { members: [1, 4, 7] }) }), 'at least'],
    [
      'with another hash',
      (_, list) => ({ list: relist(list, { listHash: toBase64url(randomBytes(32)) }) }),
      'list hash',
    ],
    ['with a message missing', (m0s) => ({ m0s: m0s.slice(1) }), 'not exactly one'],
    ['with messages in another order', (m0s) => ({ m0s: m0s.reverse() }), 'not those of the listed'],
    ['with a message twice', (m0s) => ({ m0s: [m0s[0]!, m0s[0]!, ...m0s.slice(2)] }), 'not those of the listed'],
    ['with a forged message', (m0s) => ({ m0s: [{ ...m0s[0]!, sig: m0s[1]!.sig }, ...m0s.slice(1)] }), 'bad signature'],
  ])('%s', (_, change, detail) => {
    expect(attempt(change)).toThrow(refused(detail));
  });

  it('in which its own message was changed', () => {
    const r0 = advertiseAll(world);
    const other = advertiseAll(world).accepted;
    const items = r0.accepted.map((m0, i) => (m0.idx === victim ? other[i]! : m0));
    const input = { list: signedList(world, 'u1', items), m0s: signedOf(items) };
    expect(() => share(r0.states.get(victim)!, input)).toThrow(refused('own m0 was changed'));
  });

  it.each([
    ['an echoed key', (cKey: string) => cKey, 'twice'],
    ['a key of low order', () => toBase64url(Buffer.alloc(32)), 'low order'],
    ['a key that is not canonical', () => toBase64url(Buffer.alloc(32, 0xff)), 'not canonical'],
  ])('with %s', (_, forge, detail) => {
    const r0 = advertiseAll(world);
    const first = r0.accepted[0]!;
    const forged = { ...first.body, sKey: forge(r0.accepted[1]!.body.cKey) };
    const signed = signMessage(forged, world.rosterKeys.get(first.idx)!);
    const m0s = [signed, ...signedOf(r0.accepted).slice(1)];
    const list = signedList(world, 'u1', r0.accepted);
    // the list hash is recomputed over the forged message, as a colluding coordinator would
    const items = [{ idx: first.idx, bodyHash: sha256(signed.body) }, ...r0.accepted.slice(1)];
    const relisted = signBody('list', listBody(world.plan.planHash, 'u1', items), world.coordinatorKey);
    expect(list.body).not.toEqual(relisted.body);
    expect(() => share(r0.states.get(victim)!, { list: relisted, m0s })).toThrow(refused(detail));
  });

  it('and never shares twice, also after a refusal', () => {
    const r0 = advertiseAll(world);
    const input = { list: signedList(world, 'u1', r0.accepted), m0s: signedOf(r0.accepted) };
    share(r0.states.get(victim)!, input);
    expect(() => share(r0.states.get(victim)!, input)).toThrow(phase);
    expect(() => share(r0.states.get(1)!, { ...input, m0s: [] })).toThrow(refused('not exactly one'));
    expect(() => share(r0.states.get(1)!, input)).toThrow(phase);
  });
});
