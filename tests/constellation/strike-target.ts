import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { type Ground, startCoordinatorProcess } from './coordinator.ts';
import type { StartedProcess } from './process.ts';
import type { OwnRedis } from './redis.ts';
import { connectorReady, startConnector, type Tenant } from './tenant.ts';
import type { World } from './world.ts';

/** A process of the constellation, as a machine or an operator can treat it. */
export interface StrikeTarget {
  readonly name: string;
  /** kill -9; resolves when nothing of it runs any more. */
  kill(): Promise<void>;
  /** SIGTERM; resolves when it has ended, with its exit code; null where only its own parent is told. */
  terminate(): Promise<number | null>;
  freeze(): void;
  thaw(): void;
  /** Starts it again where it was, and resolves when it works. */
  start(): Promise<void>;
}

/** Long enough for any process to end after a signal; whoever needs longer hangs. */
const END_MS = 40_000;
const START_MS = 120_000;

export function coordinatorTarget(ground: Ground, kind: 'api' | 'worker' | 'signer', n = 1): StrikeTarget {
  const name = `${kind}-${n}`;
  const now = () => ground.processes.findLast((one) => one.name === name)!;
  return {
    name,
    ...signals(now),
    start: () => untilStarted(() => startCoordinatorProcess(ground, kind, n)),
  };
}

export function connectorTarget(world: World, tenant: Tenant): StrikeTarget {
  return {
    name: `connector ${tenant.slug}`,
    ...signals(() => tenant.connector!),
    async start() {
      startConnector(world.folders, world.urls, tenant);
      await connectorReady(tenant);
    },
  };
}

export function redisTarget(redis: OwnRedis): StrikeTarget {
  const end = async (signal: NodeJS.Signals) => {
    const { pid } = redis.child;
    redis.child.kill(signal);
    await gone([pid!]);
  };
  return {
    name: 'redis',
    kill: () => end('SIGKILL'),
    terminate: () => end('SIGTERM').then(() => redis.child.exitCode),
    freeze: () => void redis.child.kill('SIGSTOP'),
    thaw: () => void redis.child.kill('SIGCONT'),
    start: () => redis.start(),
  };
}

/** Postmaster and backends. SIGTERM lets sessions that stand go on and takes no new ones, so the fast shutdown follows it. */
export function postgresTarget(ground: Ground): StrikeTarget {
  const signal = (pids: readonly number[], name: NodeJS.Signals) => {
    for (const pid of pids) send(pid, name);
  };
  const all = () => [ground.postgres.pid, ...childrenOf(ground.postgres.pid)];
  return {
    name: 'postgres',
    async kill() {
      const pids = all();
      signal([ground.postgres.pid], 'SIGKILL');
      await gone(pids);
    },
    async terminate() {
      const pids = all();
      signal([ground.postgres.pid], 'SIGTERM');
      await pause(100);
      signal([ground.postgres.pid], 'SIGINT');
      await gone(pids);
      return null;
    },
    freeze: () => signal(all(), 'SIGSTOP'),
    thaw: () => signal(all(), 'SIGCONT'),
    start: () => ground.startPostgres(),
  };
}

function signals(now: () => StartedProcess): Omit<StrikeTarget, 'name' | 'start'> {
  const end = async (signal: NodeJS.Signals) => {
    const { pid } = now();
    await Promise.all([now().kill(signal), gone([pid])]);
  };
  return {
    kill: () => end('SIGKILL'),
    async terminate() {
      const { ended } = now();
      await end('SIGTERM');
      return ended;
    },
    freeze: () => void now().child.kill('SIGSTOP'),
    thaw: () => void now().child.kill('SIGCONT'),
  };
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  } catch {
    return [];
  }
}

function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** What does not start, for example because the database is away as well, is started again, as an orchestrator does. */
async function untilStarted(start: () => Promise<unknown>): Promise<void> {
  const until = Date.now() + START_MS;
  for (;;) {
    try {
      await start();
      return;
    } catch (error) {
      if (Date.now() > until) throw error;
      await pause(100);
    }
  }
}

/** The kernel tells nobody but the parent of a process that it has ended; the children of Postgres are not ours. */
async function gone(pids: readonly number[]): Promise<void> {
  const until = Date.now() + END_MS;
  while (pids.some((pid) => send(pid, 0))) {
    if (Date.now() > until) throw new Error(`still running after ${END_MS} ms: ${pids.filter((pid) => send(pid, 0))}`);
    await pause(10);
  }
}
