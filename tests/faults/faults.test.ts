import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killedProcesses } from './f1-killed.ts';
import { frozenProcesses } from './f2-frozen.ts';
import { lostJobs } from './f3-queue.ts';
import { databaseRestarts } from './f8-database.ts';
import { dropouts } from './f10-dropouts.ts';
import { type FaultWorld, startFaultWorld } from './fault-world.ts';
import { checkInvariants } from './invariants.ts';
import { type LongRun, startLongRun } from './long-run.ts';
import { tampering } from './tampering.ts';

/** Rounds with a fault, one for each test below that holds one. */
const FAULTS = 17;

/** Faults of governance.md section 9 by their ids, one in each round of one run; after each all invariants are checked. */
describe('a run with a fault in each round', { timeout: 90_000 }, () => {
  let world: FaultWorld;
  let run: LongRun;

  beforeAll(async () => {
    world = await startFaultWorld({ tenants: 5 });
    run = await startLongRun(world, FAULTS);
  }, 240_000);

  afterAll(() => world?.stop(), 60_000);

  killedProcesses(() => run);
  frozenProcesses(() => run);
  lostJobs(() => run);
  dropouts(() => run);
  databaseRestarts(() => run);

  it('ends with every round but the one without enough tenants', async () => {
    await run.letEnd();
    const { run: ended, rounds } = await world.watch(run.runId);
    expect(ended).toMatchObject({ state: 'completed', reason: null });
    expect(rounds.filter(({ phase }) => phase === 'failed')).toHaveLength(1);
    await checkInvariants(world, world.rows);
  });

  describe('the invariants can be broken', () => tampering(() => world));
});
