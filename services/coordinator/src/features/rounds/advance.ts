import { databaseNow, type Tx } from '../../db/client.ts';
import type { Deps } from '../../deps.ts';
import type { Lease } from '../../lease/lease.ts';
import { withLease } from '../../lease/lease.ts';
import { runLease } from '../../lease/run-lease.ts';
import { openRound } from './open-round.ts';
import { isCollecting } from './phase.ts';
import { advertise } from './phases/advertise.ts';
import { collect } from './phases/collect.ts';
import { failAttempt } from './phases/fail.ts';
import { release } from './phases/release.ts';
import { sum } from './phases/sum.ts';
import { inPhase } from './phases/transition.ts';
import type { Seal } from './seal.ts';
import { type LoadedAttempt, loadAttempt } from './store.ts';

/** One step of an attempt: true when rows have changed and the next step may be due already. */
export type Step = (deps: RoundDeps, lease: Lease, attemptId: string) => Promise<boolean>;

export interface RoundDeps extends Deps {
  readonly seal: Seal;
  /** Since when this process could see tenants answer; milliseconds of the database clock. */
  readonly watchingSince: number;
}

/** Does what is due for an attempt, and again until nothing is. Safe to call at any time, any number of times. */
export async function advanceAttempt(deps: RoundDeps, attemptId: string): Promise<void> {
  const { row } = await loadAttempt(deps.db.prisma, attemptId);
  if (await isFollowed(deps.db.prisma, row)) return;
  await withLease(deps.db, runLease(deps, row.runId), async (lease) => {
    await advanceUnder(deps, lease, attemptId);
    await openNext(deps, lease, row.runId);
  });
}

/** Looks at the end of leases and deadlines come long after a quick round: without the lease they cost the next one nothing. */
async function isFollowed(tx: Tx, { runId, round, attempt }: LoadedAttempt['row']): Promise<boolean> {
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT FROM attempt WHERE run_id = ${runId} AND (round, attempt) > (${round}, ${attempt}) LIMIT 1`;
  return rows.length > 0;
}

/** Opens the run's next round when none is open, and starts it. */
export async function advanceRun(deps: RoundDeps, runId: string): Promise<void> {
  await withLease(deps.db, runLease(deps, runId), (lease) => openNext(deps, lease, runId));
}

async function openNext(deps: RoundDeps, lease: Lease, runId: string): Promise<void> {
  for (;;) {
    const attemptId = await openRound(deps, lease, runId);
    if (!attemptId) return;
    await advanceUnder(deps, lease, attemptId);
  }
}

async function advanceUnder(deps: RoundDeps, lease: Lease, attemptId: string): Promise<void> {
  for (;;) {
    const { row, plan } = await loadAttempt(deps.db.prisma, attemptId);
    if (isStuck(row.phase, plan.expires, await databaseNow(deps.db.prisma))) {
      await inPhase(deps, lease, attemptId, row.phase, (tx, attempt) => failAttempt(deps, tx, attempt, 'EXPIRED'));
      return;
    }
    const step = stepOf(row.phase);
    if (!step || !(await step(deps, lease, attemptId))) return;
  }
}

/** Every attempt ends (invariant I8), also one whose signer or chunks never come. A release under way is never given up. */
function isStuck(phase: string, expires: number, now: Date): boolean {
  return (phase === 'opening' || phase === 'summing') && now.getTime() > expires;
}

function stepOf(phase: string): Step | undefined {
  if (phase === 'opening') return advertise;
  if (isCollecting(phase)) return collect;
  if (phase === 'summing') return sum;
  if (phase === 'releasing') return release;
  return undefined;
}
