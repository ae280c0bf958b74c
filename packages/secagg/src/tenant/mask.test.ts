import { beforeEach, describe, expect, it } from 'vitest';
import { advertiseAll, checkSharesOf, idxOf, integersOf, shareAll } from '../testing/attempt.ts';
import { phase } from '../testing/refused.ts';
import { makeWorld, type World } from '../testing/world.ts';
import { mask } from './mask.ts';

let world: World;
const victim = 4;

beforeEach(() => {
  world = makeWorld({ n: 5 });
});

describe('masking', () => {
  it('happens once, takes checked integers only, and ends after the last chunk', () => {
    const r0 = advertiseAll(world);
    const r1 = shareAll(world, r0);
    const checked = checkSharesOf(world, idxOf(r0.accepted), r1, victim);
    const good = integersOf(world).get(victim)!;
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
