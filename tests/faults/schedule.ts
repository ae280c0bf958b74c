import type { FaultWorld } from './fault-world.ts';
import { holdAt, type Phase, phases } from './held-places.ts';
import { type Blow, inOrder, placeOf, type Strike, signalNames, strikeAt, targets } from './strikes.ts';
import { judgeRun, keepLogs, type Verdict } from './verdict.ts';

/** Training rounds of a schedule's run, after the one that makes the statistics. */
export const TRAIN_ROUNDS = 1;
const ROUNDS = 1 + TRAIN_ROUNDS;

export interface ScheduledStrike extends Strike {
  readonly round: number;
}

/** What befalls one run; the same seed gives the same schedule. */
export interface Schedule {
  readonly seed: number;
  readonly strikes: readonly ScheduledStrike[];
}

export interface ScheduleResult extends Verdict {
  readonly schedule: Schedule;
  /** Of each strike that met its place: seconds until the round went on. */
  readonly recoveries: readonly number[];
  readonly logs?: string;
}

/** One to three strikes, some of them on two targets at once. */
export function scheduleOf(seed: number, tenants: number): Schedule {
  const next = chance(seed);
  const below = (n: number) => Math.floor(next() * n);
  const pick = <T>(from: readonly T[]) => from[below(from.length)]!;
  const strikes = new Map<string, ScheduledStrike>();
  for (let i = 1 + below(3); i > 0; i -= 1) {
    const round = 1 + below(ROUNDS);
    const phase: Phase = pick(phases);
    const blow = (target: Blow['target']): Blow => ({ target, signal: pick(signalNames), victim: below(tenants) });
    const first = pick(targets);
    const others = targets.filter((target) => target !== first);
    const blows = next() < 0.3 ? [blow(first), blow(pick(others))] : [blow(first)];
    const strike = { round, phase, blows, held: below(tenants), waits: next() < 0.5 };
    strikes.set(`${round} ${phase}`, strike);
  }
  return { seed, strikes: inOrder([...strikes.values()]) };
}

/** Starts a run of the plan, strikes it as scheduled and judges what comes of it. */
export async function runSchedule(world: FaultWorld, plan: string, schedule: Schedule): Promise<ScheduleResult> {
  const { strikes } = schedule;
  const places = strikes.map((strike) => ({ plan, round: strike.round, ...placeOf(rosterHeld(world, strike)) }));
  const holds = await holdAt(world.rows, places);
  const recoveries: number[] = [];
  try {
    const runId = await world.begin(plan);
    for (const [i, strike] of strikes.entries()) {
      const seconds = await strikeAt(world, strike, holds[i]!);
      if (seconds !== undefined) recoveries.push(seconds);
    }
    const verdict = await judgeRun(world, runId);
    const bad = verdict.outcome === 'wrong' || verdict.outcome === 'hung';
    const logs = bad ? { logs: keepLogs(world, `seed-${schedule.seed}`, schedule) } : {};
    return { ...verdict, schedule, recoveries, ...logs };
  } catch (error) {
    const logs = keepLogs(world, `seed-${schedule.seed}`, schedule);
    return { outcome: 'hung', rounds: [], faults: [String(error)], schedule, recoveries, logs };
  }
}

/** The schedule names tenants by their place in the world; rows know them by their index in the roster. */
function rosterHeld({ tenants }: FaultWorld, strike: ScheduledStrike): ScheduledStrike {
  return { ...strike, held: tenants[strike.held]!.idx };
}

/** mulberry32: repeatable, for tests only. */
function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
