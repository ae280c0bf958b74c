import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import { aesCtrExpander, type Expander } from '../ring/masks.ts';
import { advertiseAll, checkSharesOf, idxOf, integersOf, shareAll, upToMasked } from '../testing/attempt.ts';
import { phase } from '../testing/refused.ts';
import { makeWorld, type World } from '../testing/world.ts';
import { mask } from './mask.ts';
import { eraseSecrets } from './state.ts';

let world: World;
const victim = 4;

beforeEach(() => {
  world = makeWorld(randomBytes, { n: 5 });
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

  it('gives no further chunk once the secrets are erased in the middle of an upload', () => {
    const r0 = advertiseAll(world);
    const checked = checkSharesOf(world, idxOf(r0.accepted), shareAll(world, r0), victim);
    const masking = mask(checked, integersOf(world).get(victim)!);
    expect(masking.chunks.next().done).toBe(false);
    eraseSecrets(checked);
    expect(() => masking.chunks.next()).toThrow(phase);
    expect(() => masking.finish()).toThrow(phase);
  });

  it('uses each pair key at both ends, each self key once, and no stream twice', () => {
    const r0 = advertiseAll(world);
    const r1 = shareAll(world, r0);
    const uses = new Map<string, number>();
    for (const idx of world.cohort) {
      const expander: Expander = (key, block) => {
        const stream = `${Buffer.from(key).toString('hex')}/${block}`;
        uses.set(stream, (uses.get(stream) ?? 0) + 1);
        return aesCtrExpander(key, block);
      };
      const checked = checkSharesOf(world, idxOf(r0.accepted), r1, idx);
      for (const _ of mask(checked, { ...integersOf(world).get(idx)!, expander }).chunks);
    }
    // 5 tenants, 10 pairs, two chunks of the model and one of the aux vector
    expect([...uses.values()].filter((count) => count === 1)).toHaveLength(5 * 3);
    expect([...uses.values()].filter((count) => count === 2)).toHaveLength(10 * 3);
    expect(uses.size).toBe(15 * 3);
  });

  it('leaves no trace of a constant input: the bytes of all uploads are uniform by chi-square', () => {
    world = makeWorld(randomBytes, { n: 5, dim: 4096, chunkElems: 4096 });
    const { r2 } = upToMasked(world);
    const counts = new Array<number>(256).fill(0);
    let total = 0;
    for (const bytes of r2.uploads.values()) {
      for (const byte of bytes) counts[byte]!++;
      total += bytes.length;
    }
    const expected = total / 256;
    const chi2 = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 255 degrees of freedom: mean 255, standard deviation 22.6; ten of them are out of reach by chance
    expect(Math.abs(chi2 - 255)).toBeLessThan(226);
  });

  it('is concealed when a state is logged', () => {
    const state = advertiseAll(world).states.get(victim)!;
    const shown = JSON.stringify(state.secrets) + inspect(state.secrets);
    expect(shown).toBe('"[secrets]"[secrets]');
  });
});
