import { randomBytes } from 'node:crypto';
import { encodeSigned } from '@sumveil/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { acceptAbort } from '../coordinator/acceptAbort.ts';
import { advertiseAll, consistencyAll, signedList, signedOf, upToMasked } from '../testing/attempt.ts';
import { phase } from '../testing/refused.ts';
import { makeWorld, type World } from '../testing/world.ts';
import { abortMessage } from './abort.ts';
import { share } from './share.ts';
import { eraseSecrets } from './state.ts';
import { unmask } from './unmask.ts';

let world: World;
const victim = 4;

beforeEach(() => {
  world = makeWorld(randomBytes, { n: 5 });
});

describe('abort', () => {
  it('excludes M4, and M4 excludes it', () => {
    const run = upToMasked(world);
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
