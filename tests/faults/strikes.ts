import { setTimeout as pause } from 'node:timers/promises';
import {
  connectorTarget,
  coordinatorTarget,
  postgresTarget,
  redisTarget,
  type StrikeTarget,
} from '@sumveil/constellation';
import { type FaultWorld, FREEZE_MS } from './fault-world.ts';
import type { Hold, Phase, Place } from './held-places.ts';
import { answered, signed } from './held-places.ts';

export const targets = ['api', 'worker', 'signer', 'connector', 'postgres', 'redis'] as const;
export type TargetName = (typeof targets)[number];
export const signalNames = ['SIGKILL', 'SIGSTOP', 'SIGTERM'] as const;
export type SignalName = (typeof signalNames)[number];

export interface Strike {
  readonly phase: Phase;
  readonly target: TargetName;
  readonly signal: SignalName;
  /** Place of the tenant among the world's whose connector is struck. */
  readonly victim: number;
}

/** Where the round has to stand still so that the strike meets its target at work. */
export function placeOf(strike: Strike, held: number): Omit<Place, 'plan' | 'round'> {
  const { phase, target, signal } = strike;
  const waits = signal === 'SIGKILL';
  if (target === 'signer' && signed.includes(phase)) return { phase, at: 'sign', waits };
  if (target === 'worker' && phase === 'summing') return { phase, at: 'sum', waits };
  if (target === 'worker' || !answered.includes(phase)) return { phase, at: 'close', waits };
  return { phase, at: 'answer', idx: held, waits };
}

/**
 * Strikes when the hold has bitten, brings the target back as an operator or orchestrator would, and lets the round go on.
 *
 * @returns seconds from the strike until the round has left the phase
 */
export async function strikeAt(world: FaultWorld, strike: Strike, hold: Hold): Promise<number> {
  await hold.bites();
  const struckAt = performance.now();
  const target = targetOf(world, strike);
  await blow(world, strike, target, hold);
  await movedOn(world, hold);
  return (performance.now() - struckAt) / 1_000;
}

async function blow(world: FaultWorld, strike: Strike, target: StrikeTarget, hold: Hold): Promise<void> {
  const { signal } = strike;
  // Without the database nothing can be lifted; it is back by then.
  const liftFirst = strike.target !== 'postgres';
  if (signal === 'SIGSTOP') return freeze(world, strike, target, hold);
  if (signal === 'SIGKILL') await target.kill();
  const ended = signal === 'SIGTERM' ? target.terminate() : Promise.resolve();
  if (liftFirst) await hold.lift();
  await ended;
  await target.start();
  if (!liftFirst) await hold.lift();
}

/** Frozen beyond its lease. Where processes may stand beside each other, another takes over before it goes on. */
async function freeze(world: FaultWorld, strike: Strike, target: StrikeTarget, hold: Hold): Promise<void> {
  target.freeze();
  if (strike.target === 'postgres' || strike.target === 'redis') {
    await pause(FREEZE_MS);
    target.thaw();
    return hold.lift();
  }
  const other = strike.target === 'connector' ? undefined : coordinatorTarget(world.ground, strike.target, 2);
  await other?.start();
  if (strike.target === 'api') world.proxy!.route(world.ground.ports.get('api-2')!.connector!);
  await hold.lift();
  await movedOn(world, hold);
  target.thaw();
  if (strike.target === 'api') world.proxy!.route(world.ground.ports.get('api-1')!.connector!);
  await other?.terminate();
}

function targetOf(world: FaultWorld, strike: Strike): StrikeTarget {
  switch (strike.target) {
    case 'connector':
      return connectorTarget(world, world.tenants[strike.victim]!);
    case 'postgres':
      return postgresTarget(world.ground);
    case 'redis':
      return redisTarget(world.redis);
    default:
      return coordinatorTarget(world.ground, strike.target);
  }
}

/** The attempt that was held has left its phase, for the next one or for its end. */
async function movedOn({ rows }: FaultWorld, { plan, round, phase }: Hold): Promise<void> {
  await rows.until(
    `the end of ${phase} in round ${round}`,
    `SELECT 1 FROM attempt a JOIN run r ON r.id = a.run_id
      WHERE r.plan_digest = $1 AND a.round = $2 AND a.phase <> $3
        AND r.created_at = (SELECT max(created_at) FROM run WHERE plan_digest = $1)`,
    [plan, round, phase],
  );
}
