import type { RoundDeps } from './advance.ts';
import { lockRun, pauseRun } from './run-state.ts';
import { loadAttempt } from './store.ts';

/**
 * A step that fails again and again, whoever tries, would be tried for ever and nobody told (invariant I8). The round stays as it
 * is and goes on as soon as the step succeeds; a person looks at the logs in between.
 */
export async function pauseStuckRun(deps: RoundDeps, runId: string): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const run = await lockRun(tx, runId);
    if (run.state === 'running') await pauseRun(deps, tx, run, 'step-failed');
  });
}

/** @param ref attempt, or one of its chunks (`attempt/segment/chunk`) */
export async function pauseStuckAttempt(deps: RoundDeps, ref: string): Promise<void> {
  const { row } = await loadAttempt(deps.db.prisma, ref.split('/')[0]!);
  await pauseStuckRun(deps, row.runId);
}
