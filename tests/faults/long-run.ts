import { setTimeout as pause } from 'node:timers/promises';
import { coordinatorTarget, type StrikeTarget } from '@sumveil/constellation';
import { expect } from 'vitest';
import { plainSum, publishedSum, readRound } from '../stories/sums.ts';
import type { FaultWorld } from './fault-world.ts';
import { HANG_MS, type Hold, holdAt, type Place, RECOVERY_MS } from './held-places.ts';
import { checkInvariants } from './invariants.ts';

type Spot = Pick<Place, 'phase' | 'at' | 'idx' | 'waits'>;

/** One run with a fault in each of its rounds, so that what an earlier one left behind is there when the next one comes. */
export interface LongRun {
  readonly world: FaultWorld;
  readonly plan: string;
  readonly runId: string;
  readonly api: StrikeTarget;
  readonly worker: StrikeTarget;
  readonly signer: StrikeTarget;
  /** The next round, held at this spot; resolves when a writer has met it. */
  stopNextAt(spot: Spot): Promise<HeldRound>;
  /** Lets the rest of the run go through. */
  letEnd(): Promise<void>;
}

export interface HeldRound extends Hold {
  readonly attemptId: string;
  /**
   * Its end: released, within 30 s after the hold was lifted, restarts included, by the attempt that was held, over these survivors,
   * with the exact sum of what they trained, one charge and the tasks it had; and every invariant holds.
   *
   * @returns seconds from the lifting
   */
  released(survivors: number): Promise<number>;
}

/** A run with `faults` rounds that can be held, a statistics round before and an evaluation after them. */
export async function startLongRun(world: FaultWorld, faults: number): Promise<LongRun> {
  const plan = await world.approvedPlan('faults', faults);
  let round = 2;
  // Between two tests the run stands before its next round: nobody's M0 gets through.
  let [gate] = await holdAt(world.rows, [{ plan, round, phase: 'advertise', at: 'answer', waits: false }]);
  const runId = await world.begin(plan);
  return {
    world,
    plan,
    runId,
    api: coordinatorTarget(world.ground, 'api'),
    worker: coordinatorTarget(world.ground, 'worker'),
    signer: coordinatorTarget(world.ground, 'signer'),
    letEnd: async () => gate?.lift(),
    async stopNextAt(spot) {
      const places = [
        { plan, round, ...spot },
        { plan, round: round + 1, phase: 'advertise', at: 'answer', waits: false },
      ];
      const [hold, next] = await holdAt(world.rows, places as Place[]);
      await met(gate!);
      await gate!.lift();
      gate = next;
      round += 1;
      await met(hold!);
      return heldRound(world, runId, hold!);
    },
  };
}

async function met(hold: Hold): Promise<void> {
  if (!(await hold.met())) throw new Error(`round ${hold.round} is over without having been held in ${hold.phase}`);
}

async function heldRound(world: FaultWorld, runId: string, hold: Hold): Promise<HeldRound> {
  const { rows } = world;
  const { id: attemptId } = await rows.one<{ id: string }>(
    'SELECT id FROM attempt WHERE run_id = $1 AND round = $2 ORDER BY attempt DESC LIMIT 1',
    [runId, hold.round],
  );
  const known = async () => [
    await rows.all('SELECT id, idx, kind FROM task WHERE attempt_id = $1 ORDER BY id', [attemptId]),
    await rows.all('SELECT kind, idx, body, received_at FROM message WHERE attempt_id = $1 ORDER BY kind, idx', [
      attemptId,
    ]),
  ];
  const before = await known();
  let started = performance.now();
  return {
    ...hold,
    attemptId,
    lift() {
      started = performance.now();
      return hold.lift();
    },
    async released(survivors) {
      const end = await rows.until<{ id: string; phase: string; fail_code: string | null }>(
        `the end of round ${hold.round}`,
        `SELECT id, phase, fail_code FROM attempt WHERE run_id = $1 AND round = $2 AND phase IN ('released', 'failed')`,
        [runId, hold.round],
        HANG_MS,
      );
      const seconds = (performance.now() - started) / 1_000;
      expect(seconds).toBeLessThan(RECOVERY_MS / 1_000);
      expect(end).toEqual({ id: attemptId, phase: 'released', fail_code: null });
      for (const [i, list] of (await known()).entries()) expect(list).toEqual(expect.arrayContaining(before[i]!));
      const row = await readRound(world, rows, runId, hold.round);
      expect(row.survivors).toHaveLength(survivors);
      const members = world.tenants.filter(({ idx }) => row.survivors.includes(idx));
      expect(await publishedSum(world, rows, row)).toEqual(await plainSum(row, members));
      const charges = await rows.all('SELECT 1 FROM privacy_charge WHERE run_id = $1 AND round = $2', [
        runId,
        hold.round,
      ]);
      expect(charges).toHaveLength(1);
      await checkInvariants(world, rows);
      return seconds;
    },
  };
}

/** Leaves of a type, sequenced or not yet, once there are more than `before`. */
export async function leafAfter({ rows }: FaultWorld, type: string, before: number): Promise<void> {
  await rows.until(
    `a leaf ${type}`,
    `SELECT 1 FROM audit_dedupe WHERE key LIKE '["' || $1 || '"%' HAVING count(*) > $2`,
    [type, before],
  );
}

export async function leavesOf({ rows }: FaultWorld, type: string): Promise<number> {
  const { n } = await rows.one<{ n: number }>(
    `SELECT count(*)::int AS n FROM audit_dedupe WHERE key LIKE '["' || $1 || '"%'`,
    [type],
  );
  return n;
}

/** Freezes a holder while it holds its lease, and returns the epoch that it believes in. */
export async function freezeHolder({ rows }: FaultWorld, target: StrikeTarget, resource: string): Promise<string> {
  for (;;) {
    const { epoch } = await rows.until<{ epoch: string }>(
      `a holder of ${resource}`,
      `SELECT epoch FROM lease WHERE resource = $1 AND until > now() + interval '1 second'`,
      [resource],
    );
    target.freeze();
    const held = await rows.all<{ epoch: string }>(
      'SELECT epoch FROM lease WHERE resource = $1 AND until > now() AND epoch = $2',
      [resource, epoch],
    );
    if (held.length > 0) return epoch;
    target.thaw();
    await pause(50);
  }
}
