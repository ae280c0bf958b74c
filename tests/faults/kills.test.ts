import { coordinatorTarget } from '@sumveil/constellation';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dropQueueSchema, EMPTIED_ROUNDS, emptyInEachPhase, flushRedis } from './emptied-queue.ts';
import { type FaultWorld, startFaultWorld } from './fault-world.ts';
import { phases } from './held-places.ts';
import { allCells, coveringCells, MATRIX_ROUNDS, matrixTable, runMatrix, writeMatrix } from './kill-matrix.ts';
import { LOST_ROUNDS, loseAnswers } from './lost-answers.ts';
import { rollThrough } from './rolling-restart.ts';

const everything = process.env.SUMVEIL_TEST_ALL === '1';
const TENANTS = 8;
/** Enough for what is done once in each phase, two phases a round, or once in each phase that waits for tenants. */
const FEW_ROUNDS = Math.max(EMPTIED_ROUNDS, LOST_ROUNDS);
/** A hang is noticed by the rows long before; this is for the whole of it. */
const LONG = 3_600_000;

describe('a constellation whose processes die', () => {
  let world: FaultWorld;
  let longPlan: string;
  let fewRoundsPlan: string;

  beforeAll(async () => {
    world = await startFaultWorld({ tenants: TENANTS });
    fewRoundsPlan = await world.approvedPlan('few-rounds', FEW_ROUNDS);
    longPlan = await world.approvedPlan('matrix', MATRIX_ROUNDS);
  }, 300_000);

  afterAll(() => world?.stop(), 120_000);

  it(
    'commits exactly and loses nobody but struck connectors, or aborts and commits a later round, whatever dies in whichever phase (F1, F2, F3, F8, F10, F23)',
    async () => {
      const results = await runMatrix(world, longPlan, everything ? allCells : coveringCells);
      writeMatrix(results);
      console.log(matrixTable(results, TENANTS));
      expect(results.filter(({ faults }) => faults.length > 0)).toEqual([]);
      const phaseAndTarget = results.map(({ phase, target }) => `${phase} ${target}`);
      expect(new Set(phaseAndTarget).size).toBe(phases.length * 6);
    },
    LONG,
  );

  it(
    'counts a message once whose answer was lost with every connection (I2)',
    async () => {
      const { outcome, faults, rounds } = await loseAnswers(world, fewRoundsPlan);
      expect({ outcome, faults }).toEqual({ outcome: 'committedExact', faults: [] });
      expect(rounds.map(({ survivors }) => survivors)).toEqual(new Array(1 + FEW_ROUNDS).fill(TENANTS));
    },
    LONG,
  );

  it(
    'loses and doubles no round when two of everything are restarted one after the other (F23)',
    async () => {
      const { outcome, faults, attempts, rounds } = await rollThrough(world, fewRoundsPlan);
      expect({ outcome, faults }).toEqual({ outcome: 'committedExact', faults: [] });
      expect(attempts).toEqual(eachOnce());
      expect(rounds.map(({ survivors }) => survivors)).toEqual(new Array(attempts.length).fill(TENANTS));
    },
    LONG,
  );

  it(
    'loses and doubles no round when Redis is emptied in each phase (F4)',
    async () => {
      const { outcome, faults, attempts } = await emptyInEachPhase(world, fewRoundsPlan, () =>
        flushRedis(world.redis.url),
      );
      expect({ outcome, faults }).toEqual({ outcome: 'committedExact', faults: [] });
      expect(attempts).toEqual(eachOnce());
    },
    LONG,
  );

  it(
    'loses and doubles no round when the queue’s schema in Postgres is dropped in each phase (F4)',
    async () => {
      const worker = coordinatorTarget(world.ground, 'worker');
      await worker.terminate();
      world.ground.queueUrl = undefined;
      await worker.start();
      const { outcome, faults, attempts } = await emptyInEachPhase(world, fewRoundsPlan, () => dropQueueSchema(world));
      expect({ outcome, faults }).toEqual({ outcome: 'committedExact', faults: [] });
      expect(attempts).toEqual(eachOnce());
    },
    LONG,
  );
});

function eachOnce(): { round: number; attempt: number; phase: string }[] {
  return Array.from({ length: 1 + FEW_ROUNDS }, (_, i) => ({ round: i + 1, attempt: 0, phase: 'released' }));
}
