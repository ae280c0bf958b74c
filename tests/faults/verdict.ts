import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { plainSum, publishedSum, readRound } from '../stories/sums.ts';
import type { FaultWorld } from './fault-world.ts';
import { HANG_MS } from './held-places.ts';
import { findFaults } from './invariants.ts';

export type Outcome = 'committedExact' | 'abortedClean' | 'wrong' | 'hung';

export interface RoundEnd {
  readonly round: number;
  /** Tenants in the published sum; undefined when the round was aborted. */
  readonly survivors: number | undefined;
  /** Indices in the roster of the tenants that the published sum lacks. */
  readonly lost: readonly number[];
  /** Codes of its failed attempts. */
  readonly codes: readonly string[];
}

/**
 * committedExact: every round of the plan was released, each with the sum of its survivors. abortedClean: a round was aborted
 * with its reason and a later one released, or the run has ended for a reason that is no fault.
 */
export interface Verdict {
  readonly outcome: Outcome;
  readonly rounds: readonly RoundEnd[];
  /** What is wrong, in words. */
  readonly faults: readonly string[];
}

/** Reasons for which a run may end before its plan does, when enough tenants or rounds were lost. */
const cleanReasons = ['rounds-failed', 'statistics-lost'];

/** Waits for a run's end and judges everything it has left behind. */
export async function judgeRun(world: FaultWorld, runId: string): Promise<Verdict> {
  const { rows } = world;
  const ended = await rows
    .until<{ state: string; reason: string | null; plan_digest: string }>(
      'the end of the run',
      `SELECT state, reason, plan_digest FROM run WHERE id = $1 AND state NOT IN ('granting', 'running')`,
      [runId],
      HANG_MS,
    )
    .catch((error: Error) => error);
  const attempts = await rows.all<{ round: number; phase: string; fail_code: string | null; members: number[] | null }>(
    `SELECT a.round, a.phase, a.fail_code, l.members FROM attempt a
       LEFT JOIN phase_list l ON l.attempt_id = a.id AND l.phase = 'u3'
      WHERE a.run_id = $1 ORDER BY a.round, a.attempt`,
    [runId],
  );
  const rounds = [...Map.groupBy(attempts, ({ round }) => round)].map(([round, tries]) => {
    const members = tries.find(({ phase }) => phase === 'released')?.members ?? undefined;
    return {
      round,
      survivors: members?.length,
      lost: members ? world.tenants.map(({ idx }) => idx).filter((idx) => !members.includes(idx)) : [],
      codes: tries.flatMap(({ fail_code }) => fail_code ?? []),
    };
  });
  if (ended instanceof Error) return { outcome: 'hung', rounds, faults: [ended.message] };
  const faults = [
    ...(await unequalSums(world, runId, rounds)),
    ...(await findFaults(world, rows, { runIds: [runId] })),
  ];
  const planned = Array.from({ length: 1 + world.trainRounds.get(ended.plan_digest)! }, (_, i) => i + 1);
  if (ended.state === 'completed') faults.push(...unfinished(rounds, planned));
  else if (ended.state !== 'aborted' || !cleanReasons.includes(ended.reason ?? ''))
    faults.push(`the run is ${ended.state}: ${ended.reason}`);
  if (faults.length > 0) return { outcome: 'wrong', rounds, faults };
  const released = rounds.filter(({ survivors }) => survivors !== undefined);
  return { outcome: released.length === planned.length ? 'committedExact' : 'abortedClean', rounds, faults };
}

/** A completed run has tried every round of its plan, and released the last: whatever was aborted had a round after it. */
export function unfinished(rounds: readonly RoundEnd[], planned: readonly number[]): string[] {
  const missing = planned.filter((round) => !rounds.some((one) => one.round === round));
  const faults = missing.map((round) => `the run is completed, but round ${round} was never opened`);
  const last = rounds.at(-1);
  if (last && last.survivors === undefined)
    faults.push(`round ${last.round} was aborted (${last.codes.join(', ')}) and no round after it was released`);
  return faults;
}

/** Every published sum is the plain sum of what its survivors computed, bit for bit. */
async function unequalSums(world: FaultWorld, runId: string, ends: readonly RoundEnd[]): Promise<string[]> {
  const faults: string[] = [];
  for (const { round, survivors } of ends) {
    if (survivors === undefined) continue;
    const row = await readRound(world, world.rows, runId, round);
    const tenants = world.tenants.filter(({ idx }) => row.survivors.includes(idx));
    const [published, plain] = [await publishedSum(world, world.rows, row), await plainSum(row, tenants)];
    if (!isDeepStrictEqual(published, plain))
      faults.push(`round ${round} published another sum than its survivors made`);
  }
  return faults;
}

/** Keeps the logs of all processes, and what was struck, for whoever looks for the cause. */
export function keepLogs(world: FaultWorld, name: string, struck: unknown): string {
  const folder = `.sumveil/faults/${name}`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(world.folders.logs, folder, { recursive: true });
  writeFileSync(`${folder}/strikes.json`, `${JSON.stringify(struck, null, 2)}\n`);
  return folder;
}
