import { readdirSync, readFileSync } from 'node:fs';
import type { World } from '@sumveil/constellation';

export const groups = ['connectors', 'api', 'worker', 'signer', 'postgres'] as const;
export type Group = (typeof groups)[number];

/** Processor seconds (user and system) of each kind of process so far. */
export type CpuTimes = Readonly<Record<Group, number>>;

/** Clock ticks a second of /proc: a constant of Linux's interface, whatever the kernel's own tick is. */
const TICKS = 100;

/** @returns undefined where there is no /proc */
export function cpuTimes(world: World): CpuTimes | undefined {
  const all = readProcesses();
  if (!all) return undefined;
  const of = (pid: number) => all.get(pid)?.seconds ?? 0;
  const postmaster = world.ground.postgres.pid;
  const backends = [...all].filter(([pid, { parent }]) => pid === postmaster || parent === postmaster);
  return {
    connectors: world.tenants.reduce((sum, { connector }) => sum + (connector ? of(connector.pid) : 0), 0),
    api: of(world.api.pid),
    worker: of(world.worker.pid),
    signer: of(world.signer.pid),
    postgres: backends.reduce((sum, [, { seconds }]) => sum + seconds, 0),
  };
}

function readProcesses(): Map<number, { parent: number; seconds: number }> | undefined {
  try {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return new Map(pids.flatMap((pid) => statOf(pid)));
  } catch {
    return undefined;
  }
}

/** proc(5), `stat`: the name in brackets may hold anything, so fields are counted from behind it. */
function statOf(pid: string): [number, { parent: number; seconds: number }][] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [parent, user, system] = [fields[1], fields[11], fields[12]].map(Number) as [number, number, number];
    return [[Number(pid), { parent, seconds: (user + system) / TICKS }]];
  } catch {
    return []; // It has ended meanwhile.
  }
}
