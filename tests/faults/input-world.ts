import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fastTimings, type Tenant } from '@sumveil/constellation';
import { expect } from 'vitest';
import { openRows, type Rows } from '../stories/rows.ts';
import { type StoryWorld, startStory } from '../stories/story-world.ts';
import { toyPlan } from '../stories/toy-plan.ts';
import { toyTenants } from '../stories/toy-table.ts';
import { poison } from './f22-impossible-input.ts';
import { type Hold, holdAt, installHolds } from './held-places.ts';
import { findFaults } from './invariants.ts';

/** One constellation and one run for the faults of what comes in over the wire. */
export interface InputWorld {
  readonly world: StoryWorld;
  readonly rows: Rows;
  readonly runId: string;
  /** Its connector is frozen when a test plays it. */
  readonly played: Tenant;
  /** Keeps rounds 2 and 3 open. */
  readonly keeper: Tenant;
  readonly poisoned: Tenant;
  /** Of the keeper's shares and masked input, in rounds 2 and 3. */
  readonly holds: { readonly share: Hold; readonly masked: Hold }[];
  /** Keeps round 4 from going on before the played tenant is back. */
  readonly returning: Hold;
  /** All eight invariants hold. */
  check(): Promise<void>;
  stop(): Promise<void>;
}

/** Periods of slow clients in these tests, milliseconds. */
export const slow = { requestHeaders: 1_000, requestBody: 1_500, requestLook: 200, answer: 2_000 } as const;

export async function startInputWorld(): Promise<InputWorld> {
  const world = await startStory({
    tenants: (folder) =>
      toyTenants(folder, 5).map((tenant, i) =>
        i === 4 ? { ...tenant, entry: 'tests/faults/poisoned-connector.ts' } : tenant,
      ),
    ...fastTimings,
    timings: { ...fastTimings.timings, ...slow },
  });
  try {
    const rows = await openRows(world);
    await installHolds(rows);
    const [played, , , keeper, poisoned] = world.tenants as Tenant[] as [Tenant, Tenant, Tenant, Tenant, Tenant];
    writeFileSync(join(poisoned.stateDir, 'poison.json'), JSON.stringify(poison));
    const members = world.tenants.map(({ ref }) => ref);
    const plan = await world.submit(await toyPlan(members, { trainRounds: 8, leaseSeconds: 5 }));
    await world.approve(plan);
    const answer = { plan, at: 'answer', idx: keeper.idx, waits: false } as const;
    const places = [2, 3].flatMap((round) => [
      { ...answer, round, phase: 'share' } as const,
      { ...answer, round, phase: 'masked' } as const,
    ]);
    const back = { ...answer, round: 4, phase: 'advertise' } as const;
    const [share2, masked2, share3, masked3, returning] = await holdAt(rows, [...places, back]);
    const { value } = await world.start(plan);
    return {
      world,
      rows,
      runId: value.runId!,
      played,
      keeper,
      poisoned,
      holds: [
        { share: share2!, masked: masked2! },
        { share: share3!, masked: masked3! },
      ],
      returning: returning!,
      async check() {
        await rows.all('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
        const faults = await findFaults(world, rows).finally(() => rows.all('COMMIT'));
        expect(faults).toEqual([]);
      },
      async stop() {
        await rows.close();
        await world.stop();
      },
    };
  } catch (error) {
    await world.stop();
    throw error;
  }
}
