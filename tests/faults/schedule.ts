import type { FaultWorld } from './fault-world.ts';
import { holdAt, type Phase, phases, RECOVERY_MS } from './held-places.ts';
import { unexcused } from './losses.ts';
import { type Blow, inOrder, placeOf, type Strike, signalNames, strikeAt, targets } from './strikes.ts';
import { judgeRun, keepLogs, type Verdict } from './verdict.ts';

/** Training rounds of a schedule's run, after the one that makes the statistics. */
export const TRAIN_ROUNDS = 2;
/** The last round is never struck: it follows whatever was aborted. */
const STRUCK_ROUNDS = TRAIN_ROUNDS;

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
  /** Of each strike: seconds until the round went on; undefined when an earlier one had ended its round before its place. */
  readonly recoveries: readonly (number | undefined)[];
  readonly logs?: string;
}

/** One to three strikes, some of them on two targets at once. */
export function scheduleOf(seed: number, tenants: number): Schedule {
  const next = chance(seed);
  const below = (n: number) => Math.floor(next() * n);
  const pick = <T>(from: readonly T[]) => from[below(from.length)]!;
  const strikes = new Map<string, ScheduledStrike>();
  for (let i = 1 + below(3); i > 0; i -= 1) {
    const round = 1 + below(STRUCK_ROUNDS);
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
  const recoveries: (number | undefined)[] = [];
  try {
    const runId = await world.begin(plan);
    for (const [i, strike] of strikes.entries()) {
      recoveries.push(await strikeAt(world, strike, holds[i]!));
    }
    const verdict = withStrikes(world, await judgeRun(world, runId), schedule, recoveries);
    const bad = verdict.outcome === 'wrong' || verdict.outcome === 'hung';
    const logs = bad ? { logs: keepLogs(world, `seed-${schedule.seed}`, schedule) } : {};
    return { ...verdict, schedule, recoveries, ...logs };
  } catch (error) {
    const logs = keepLogs(world, `seed-${schedule.seed}`, schedule);
    return { outcome: 'hung', rounds: [], faults: [String(error)], schedule, recoveries, logs };
  }
}

/** What the strikes do not excuse is wrong, and so is a schedule that has struck nothing. */
function withStrikes(
  world: FaultWorld,
  verdict: Verdict,
  { strikes }: Schedule,
  recoveries: ScheduleResult['recoveries'],
): Verdict {
  if (verdict.outcome === 'hung') return verdict;
  const met = strikes.filter((_, i) => recoveries[i] !== undefined);
  const victims = met.flatMap(({ round, blows }) =>
    blows
      .filter(({ target }) => target === 'connector')
      .map(({ victim }) => ({ round, idx: world.tenants[victim]!.idx })),
  );
  const slow = recoveries.filter((seconds) => seconds !== undefined && seconds * 1_000 > RECOVERY_MS);
  const faults = [
    ...verdict.faults,
    ...unexcused(world, verdict.rounds, victims, 1),
    ...slow.map((seconds) => `the round went on only after ${seconds!.toFixed(1)} s`),
    ...(met.length === 0 ? ['no strike met its place'] : []),
  ];
  return faults.length > 0 ? { ...verdict, outcome: 'wrong', faults } : verdict;
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
