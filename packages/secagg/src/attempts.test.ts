import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quorum } from './parameters.ts';
import type { RoundPlan } from './plan/plan.ts';
import type { Integers } from './tenant/integers.ts';
import { advertiseAll, aggregate, consistencyAll, idxOf, maskAll, shareAll, unmaskAll } from './testing/attempt.ts';
import { makeWorld } from './testing/world.ts';

/** Keeps `least` of the members and lets a random choice of the others go. */
function keep(members: readonly number[], least: number, picks: readonly number[]): number[] {
  const left = [...members];
  for (const pick of picks) if (left.length > least) left.splice(pick % left.length, 1);
  return left;
}

function randomInputs(plan: RoundPlan, seed: number): Integers {
  let state = seed >>> 0;
  const next = (low: number, high: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return low + Math.floor((state / 2 ** 32) * (high - low + 1));
  };
  const model = Int32Array.from({ length: plan.dim }, () => next(-plan.linfQ, plan.linfQ));
  const aux = plan.aux.flatMap(({ kind, len, max }) =>
    Array.from({ length: len }, () =>
      BigInt(next(kind === 'sum' ? -Number(max) : kind === 'weight' ? 1 : 0, Number(max))),
    ),
  );
  return { model, aux: BigInt64Array.from(aux) };
}

const scenario = fc.record({
  n: fc.integer({ min: 3, max: 7 }),
  suite: fc.oneof({ weight: 4, arbitrary: fc.constant(1 as const) }, { weight: 1, arbitrary: fc.constant(2 as const) }),
  bits: fc.constantFrom(16 as const, 20 as const, 24 as const, 32 as const),
  dim: fc.integer({ min: 0, max: 50 }),
  chunkElems: fc.constantFrom(16, 32),
  noAux: fc.boolean(),
  seed: fc.nat(),
  drops: fc.array(fc.array(fc.nat(), { maxLength: 2 }), { minLength: 5, maxLength: 5 }),
});

describe('an attempt', () => {
  it('sums exactly what the survivors put in, whoever drops out when', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ drops, seed, noAux, ...options }) => {
        const world = makeWorld(randomBytes, noAux ? { ...options, dim: options.dim + 1, aux: [] } : options);
        const { plan, cohort } = world;
        const T = quorum(plan.cohort.length, plan.c);
        const inputs = new Map(cohort.map((idx) => [idx, randomInputs(plan, seed + idx)]));

        const r0 = advertiseAll(world, keep(cohort, T, drops[0]!));
        const u1 = idxOf(r0.accepted);
        const r1 = shareAll(world, r0, keep(u1, T, drops[1]!));
        const u2 = idxOf(r1.accepted);
        const r2 = maskAll(world, u1, r1, inputs, keep(u2, T, drops[2]!));
        const u3 = idxOf(r2.accepted);
        const r3 = consistencyAll(world, r2, keep(u3, T, drops[3]!));
        const r4 = unmaskAll(world, u2, r2, r3, keep(idxOf(r3.accepted), T, drops[4]!));
        const { decoded, secrets } = await aggregate({ world, r0, r1, r2, m4s: r4.accepted });

        const plain = (at: (integers: Integers) => ArrayLike<number | bigint>) =>
          Array.from({ length: at(inputs.get(u3[0]!)!).length }, (_, i) =>
            u3.reduce((sum, idx) => sum + BigInt(at(inputs.get(idx)!)[i]!), 0n),
          );
        expect([...decoded.sum].map(BigInt)).toEqual(plain((integers) => integers.model));
        expect([...decoded.aux.values()].flat()).toEqual(plain((integers) => integers.aux));
        expect(secrets.blame).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});
