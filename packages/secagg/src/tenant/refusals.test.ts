import { randomBytes } from 'node:crypto';
import { canonicalBytes, encodeSigned, type Signed, sha256, signBody, toBase64url } from '@sumveil/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { acceptAbort } from '../coordinator/acceptAbort.ts';
import { decodeDelivered, encodeDelivered } from '../messages/envelopes.ts';
import { listBody } from '../messages/lists.ts';
import type { M4 } from '../messages/messages.ts';
import { signMessage } from '../messages/open.ts';
import {
  advertiseAll,
  checkSharesOf,
  consistencyAll,
  deliveredTo,
  idxOf,
  maskAll,
  shareAll,
  signedList,
  signedOf,
  unmaskAll,
} from '../testing/attempt.ts';
import { makeWorld, type World } from '../testing/world.ts';
import { abortMessage } from './abort.ts';
import { checkShares } from './checkShares.ts';
import { consistency } from './consistency.ts';
import type { Integers } from './integers.ts';
import { mask } from './mask.ts';
import { share } from './share.ts';
import { eraseSecrets } from './state.ts';
import { unmask } from './unmask.ts';

const refused = (detail: string) =>
  expect.objectContaining({ code: 'REFUSED', detail: expect.stringContaining(detail) });
const phase = expect.objectContaining({ code: 'PHASE' });

let world: World;
const victim = 4;

function inputs(): Map<number, Integers> {
  const integers = { model: new Int32Array(20).fill(7), aux: BigInt64Array.from([3n, -5n, 1n, 0n, 2n]) };
  return new Map(world.cohort.map((idx) => [idx, integers]));
}

/** A body changed and signed again by the coordinator. */
function relist(list: Signed, change: object): Signed {
  const value = { ...JSON.parse(Buffer.from(list.body).toString()), ...change };
  return signBody('list', canonicalBytes(value), world.coordinatorKey);
}

function upToMasked(cohortOfU3?: number[]) {
  const r0 = advertiseAll(world);
  const u1 = idxOf(r0.accepted);
  const r1 = shareAll(world, r0);
  const r2 = maskAll(world, u1, r1, inputs(), cohortOfU3);
  return { r0, u1, r1, r2 };
}

beforeEach(() => {
  world = makeWorld({ n: 5 });
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

describe('R2: a tenant refuses shares', () => {
  function prepare() {
    const r0 = advertiseAll(world);
    const r1 = shareAll(world, r0);
    const u1 = idxOf(r0.accepted);
    const delivered = decodeDelivered(deliveredTo(u1, victim, r1.accepted));
    const input = { list: signedList(world, 'u2', r1.accepted), m1s: signedOf(r1.accepted) };
    const check = (changed: typeof delivered) =>
      checkShares(r1.states.get(victim)!, { ...input, delivered: Buffer.concat(changed.map(encodeDelivered)) });
    return { r0, r1, u1, delivered, check, input };
  }

  it('when an envelope is withheld', () => {
    const { delivered, check } = prepare();
    expect(() => check(delivered.slice(1))).toThrow(refused('not exactly one envelope'));
  });

  it('when an envelope is swapped for one under the same root', () => {
    const { r1, u1, delivered, check } = prepare();
    const foreign = decodeDelivered(deliveredTo(u1, 7, r1.accepted))[0]!;
    expect(() => check([foreign, ...delivered.slice(1)])).toThrow(refused('not under its root'));
  });

  it('when an envelope or its path is changed', () => {
    const { delivered, check } = prepare();
    const [first, ...rest] = delivered;
    const envelope = Buffer.from(
      Buffer.from(first!.envelope)
        .toString()
        .replace('"ct":"', '"ct":"A')
        .replace(/A(.*?)."/, 'A$1"'),
    );
    expect(() => check([{ ...first!, envelope }, ...rest])).toThrow(refused('not under its root'));
    const again = prepare();
    const [one, ...others] = again.delivered;
    expect(() => again.check([{ ...one!, path: one!.path.slice(1) }, ...others])).toThrow(
      refused('not under its root'),
    );
  });

  it('and names the pair when a sender signed an envelope that does not decrypt', () => {
    const { r0, r1, u1 } = prepare();
    const other = shareAll(world, advertiseAll(world)).accepted[0]!;
    // sender 1 signs a root over envelopes that belong to another directory
    const body = { ...r1.accepted[0]!.body, shareRoot: other.body.shareRoot };
    const signed = signMessage(body, world.rosterKeys.get(1)!);
    const forged = { ...r1.accepted[0]!, body, signed, bodyHash: sha256(signed.body), envelopes: other.envelopes };
    const changed = { states: r1.states, accepted: [forged, ...r1.accepted.slice(1)] };
    expect(() => checkSharesOf(world, u1, changed, victim)).toThrow(
      expect.objectContaining({ code: 'REFUSED', blame: [{ idx: 1, with: victim, reason: 'bad-envelope' }] }),
    );
    expect(r0.accepted).toHaveLength(5);
  });

  it('when another member saw another directory', () => {
    const { r1, input, delivered } = prepare();
    const body = { ...r1.accepted[0]!.body, dirHash: toBase64url(randomBytes(32)) };
    const signed = signMessage(body, world.rosterKeys.get(1)!);
    const items = [{ idx: 1, bodyHash: sha256(signed.body) }, ...r1.accepted.slice(1)];
    const list = signBody('list', listBody(world.plan.planHash, 'u2', items), world.coordinatorKey);
    const bytes = Buffer.concat(delivered.map(encodeDelivered));
    const m1s = [signed, ...input.m1s.slice(1)];
    expect(() => checkShares(r1.states.get(victim)!, { list, m1s, delivered: bytes })).toThrow(
      refused('another directory'),
    );
  });

  it('when mkCheck does not match in suite 2', () => {
    world = makeWorld({ n: 5, suite: 2 });
    const r0 = advertiseAll(world);
    const u1 = idxOf(r0.accepted);
    const list = signedList(world, 'u1', r0.accepted);
    const state = r0.states.get(1)!;
    let calls = 0;
    // every second encapsulation of the lowest index is a mask key: send the ciphertext of another secret
    const encapsulate: typeof state.encapsulate = (key) => {
      const honest = state.encapsulate(key);
      return calls++ % 2 === 1 ? { ...honest, sharedKey: randomBytes(32) } : honest;
    };
    const cheat = share({ ...state, encapsulate }, { list, m0s: signedOf(r0.accepted) });
    const r1 = shareAll(world, r0, u1.slice(1));
    const accepted = [
      {
        idx: 1,
        body: JSON.parse(Buffer.from(cheat.m1.body).toString()),
        signed: cheat.m1,
        bodyHash: sha256(cheat.m1.body),
        envelopes: cheat.envelopes,
      },
      ...r1.accepted,
    ];
    expect(() => checkSharesOf(world, u1, { states: r1.states, accepted }, victim)).toThrow(refused('mkCheck of 1'));
  });
});

describe('masking', () => {
  it('happens once, takes checked integers only, and ends after the last chunk', () => {
    const r0 = advertiseAll(world);
    const r1 = shareAll(world, r0);
    const checked = checkSharesOf(world, idxOf(r0.accepted), r1, victim);
    const good = inputs().get(victim)!;
    const bad = expect.objectContaining({ code: 'INPUT' });
    expect(() => mask(checked, { ...good, model: new Int32Array(19) })).toThrow(bad);
    expect(() => mask(checked, { ...good, model: new Int32Array(20).fill(world.plan.linfQ + 1) })).toThrow(bad);
    expect(() => mask(checked, { ...good, aux: BigInt64Array.from([0n, 0n, 0n, 0n, 0n]) })).toThrow(bad);
    expect(() => mask(checked, { ...good, aux: BigInt64Array.from([1n, 0n, -1n, 0n, 0n]) })).toThrow(bad);
    const masking = mask(checked, good);
    masking.chunks.next();
    expect(() => masking.finish()).toThrow(phase);
    expect(() => mask(checked, good)).toThrow(phase);
    expect([...masking.chunks]).toHaveLength(2);
    expect(masking.finish().state.step).toBe('masked');
  });
});

describe('R3: a tenant signs no second or smaller survivor set', () => {
  it('with a U3 below minSurvivors', () => {
    const { r2 } = upToMasked();
    const few = r2.accepted.slice(0, world.plan.minSurvivors - 1);
    const input = { list: signedList(world, 'u3', few), m2s: signedOf(few) };
    expect(() => consistency(r2.states.get(victim)!, input)).toThrow(refused('at least'));
  });

  it('when another survivor saw another U2', () => {
    const { r2 } = upToMasked();
    const body = { ...r2.accepted[0]!.body, u2Hash: toBase64url(randomBytes(32)) };
    const signed = signMessage(body, world.rosterKeys.get(1)!);
    const items = [{ idx: 1, bodyHash: sha256(signed.body) }, ...r2.accepted.slice(1)];
    const list = signBody('list', listBody(world.plan.planHash, 'u3', items), world.coordinatorKey);
    const m2s = [signed, ...signedOf(r2.accepted).slice(1)];
    expect(() => consistency(r2.states.get(victim)!, { list, m2s })).toThrow(refused('another U2'));
  });

  it('nor a second one', () => {
    const { r2 } = upToMasked();
    const input = { list: signedList(world, 'u3', r2.accepted), m2s: signedOf(r2.accepted) };
    consistency(r2.states.get(victim)!, input);
    const fewer = r2.accepted.slice(0, 4);
    expect(() =>
      consistency(r2.states.get(victim)!, { list: signedList(world, 'u3', fewer), m2s: signedOf(fewer) }),
    ).toThrow(phase);
  });
});

describe('R4: a tenant answers once', () => {
  function prepare() {
    const run = upToMasked([1, 4, 7, 10]);
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

describe('abort', () => {
  it('excludes M4, and M4 excludes it', () => {
    const run = upToMasked();
    const r3 = consistencyAll(world, run.r2);
    const base = { plan: world.plan, reason: 'operator' as const };
    const abort = (idx: number) =>
      abortMessage({ ...base, idx, rosterKey: world.rosterKeys.get(idx)!, state: r3.states.get(idx)! });
    const accepted = acceptAbort(world.plan, world.roster, victim, encodeSigned(abort(victim)));
    expect(accepted.body.reason).toBe('operator');
    expect(() => unmask(r3.states.get(victim)!, { m3s: signedOf(r3.accepted) })).toThrow(phase);
    unmask(r3.states.get(7)!, { m3s: signedOf(r3.accepted) });
    expect(() => abort(7)).toThrow(phase);
  });

  it('ends the attempt wherever it is', () => {
    const r0 = advertiseAll(world);
    const state = r0.states.get(victim)!;
    eraseSecrets(state);
    const input = { list: signedList(world, 'u1', r0.accepted), m0s: signedOf(r0.accepted) };
    expect(() => share(state, input)).toThrow(phase);
    expect(state.secrets.a.every((byte) => byte === 0)).toBe(true);
  });
});
