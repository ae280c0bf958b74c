import { randomBytes } from 'node:crypto';
import { sha256, signBody, toBase64url } from '@sumveil/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { decodeDelivered, encodeDelivered } from '../messages/envelopes.ts';
import { listBody } from '../messages/lists.ts';
import { signMessage } from '../messages/open.ts';
import { advertiseAll, checkSharesOf, deliveredTo, idxOf, shareAll, signedList, signedOf } from '../testing/attempt.ts';
import { refused } from '../testing/refused.ts';
import { makeWorld, type World } from '../testing/world.ts';
import { checkShares } from './checkShares.ts';
import { share } from './share.ts';

let world: World;
const victim = 4;

beforeEach(() => {
  world = makeWorld(randomBytes, { n: 5 });
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
    world = makeWorld(randomBytes, { n: 5, suite: 2 });
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
