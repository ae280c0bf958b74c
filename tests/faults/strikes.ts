import { setTimeout as pause } from 'node:timers/promises';
import {
  connectorTarget,
  coordinatorTarget,
  postgresTarget,
  redisTarget,
  type StrikeTarget,
} from '@sumveil/constellation';
import { endInOrder } from './end-in-order.ts';
import { type FaultWorld, FREEZE_MS } from './fault-world.ts';
import { answered, type Hold, type Phase, type Place, phases, signed } from './held-places.ts';

export const targets = ['api', 'worker', 'signer', 'connector', 'postgres', 'redis'] as const;
export type TargetName = (typeof targets)[number];
export const signalNames = ['SIGKILL', 'SIGSTOP', 'SIGTERM'] as const;
export type SignalName = (typeof signalNames)[number];

export interface Blow {
  readonly target: TargetName;
  readonly signal: SignalName;
  /** Place among the world's tenants of the one whose connector is struck. */
  readonly victim: number;
}

/** Blows that fall at the same time, while a round is held in a phase. */
export interface Strike {
  readonly phase: Phase;
  readonly blows: readonly Blow[];
  /** Index in the roster of the tenant whose answer is held back, where one is. */
  readonly held: number;
  /** See `Place`. */
  readonly waits: boolean;
}

/** Longest time that a process stays frozen when nobody can go on without it. */
const THAW_MS = 10_000;

/** Where the round has to stand still so that the first blow meets its target at work. */
export function placeOf({ phase, blows, held, waits }: Strike): Omit<Place, 'plan' | 'round'> {
  const target = blows[0]!.target;
  if (target === 'signer' && signed.includes(phase)) return { phase, at: 'sign', waits };
  if (target === 'worker' && phase === 'summing') return { phase, at: 'sum', waits };
  if (target === 'worker' || !answered.includes(phase)) return { phase, at: 'close', waits };
  // One answer that is turned away is to spare in `unmask`: the round would go on without it after a lease.
  return { phase, at: 'answer', waits, ...(phase === 'unmask' && !waits ? {} : { idx: held }) };
}

/**
 * Strikes when the hold has bitten, brings every target back as an operator or orchestrator would, and lets the round go on.
 *
 * @returns seconds from the strike until the round has left the phase; undefined when the round never met the hold, because
 *   an earlier strike had ended it
 */
export async function strikeAt(world: FaultWorld, strike: Strike, hold: Hold): Promise<number | undefined> {
  if (!(await hold.met())) {
    await hold.lift();
    return undefined;
  }
  const struckAt = performance.now();
  const struck = Promise.all(strike.blows.map((blow) => strikeOne(world, blow, hold))).then(() => hold.lift());
  const wentOn = hold.left().then(() => (performance.now() - struckAt) / 1_000);
  const [seconds] = await Promise.all([wentOn, struck]);
  return seconds;
}

async function strikeOne(world: FaultWorld, blow: Blow, hold: Hold): Promise<void> {
  const target = targetOf(world, blow);
  if (blow.signal === 'SIGSTOP') return freeze(world, blow, target, hold);
  const ours = blow.target !== 'postgres' && blow.target !== 'redis';
  const ended = blow.signal === 'SIGKILL' ? target.kill() : ours ? endInOrder(target) : target.terminate();
  if (blow.signal === 'SIGKILL') await ended;
  // The round goes on while the target is away; without the database nothing can be lifted.
  await Promise.all([ended, blow.target === 'postgres' ? undefined : hold.lift()]);
  await target.start();
}

/** Frozen beyond its lease. Where processes may stand beside each other, another takes over before it goes on. */
async function freeze(world: FaultWorld, blow: Blow, target: StrikeTarget, hold: Hold): Promise<void> {
  target.freeze();
  if (blow.target === 'postgres' || blow.target === 'redis') {
    await pause(FREEZE_MS);
    target.thaw();
    return;
  }
  const routed = (name: string) => world.proxy!.route(world.ground.ports.get(name)!.connector!);
  const other = blow.target === 'connector' ? undefined : coordinatorTarget(world.ground, blow.target, 2);
  await other?.start();
  if (blow.target === 'api') routed('api-2');
  await hold.lift();
  await hold.left(THAW_MS).catch(() => {});
  target.thaw();
  if (blow.target === 'api') routed('api-1');
  if (other) await endInOrder(other);
}

function targetOf(world: FaultWorld, { target, victim }: Blow): StrikeTarget {
  if (target === 'connector') return connectorTarget(world, world.tenants[victim]!);
  if (target === 'postgres') return postgresTarget(world.ground);
  if (target === 'redis') return redisTarget(world.redis);
  return coordinatorTarget(world.ground, target);
}

/** In the order in which a run meets them. */
export function inOrder<T extends { readonly round: number; readonly phase: Phase }>(strikes: readonly T[]): T[] {
  return strikes.toSorted((a, b) => a.round - b.round || phases.indexOf(a.phase) - phases.indexOf(b.phase));
}
