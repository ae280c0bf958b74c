import type { JobBinding } from '../../queue/topics.ts';
import { advanceAttempt, advanceRun, type RoundDeps } from './advance.ts';
import { pauseRun } from './run-state.ts';
import { loadAttempt } from './store.ts';
import { sumChunk } from './sum-chunk.ts';

export function roundJobs(deps: RoundDeps): JobBinding[] {
  const stuckAttempt = async (ref: string) => {
    const { row } = await loadAttempt(deps.db.prisma, ref.split('/')[0]!);
    await pauseStuck(deps, row.runId);
  };
  return [
    { topic: 'round.open', handle: ({ ref }) => advanceRun(deps, ref), givenUp: (ref) => pauseStuck(deps, ref) },
    { topic: 'attempt.advance', handle: ({ ref }) => advanceAttempt(deps, ref), givenUp: stuckAttempt },
    { topic: 'chunk.sum', handle: ({ ref }) => sumChunk(deps, ref), givenUp: stuckAttempt },
  ];
}

/**
 * A step that fails again and again, whoever tries, would be tried for ever and nobody told (invariant I8). The round stays as it
 * is and goes on as soon as the step succeeds; a person looks at the logs in between.
 */
async function pauseStuck(deps: RoundDeps, runId: string): Promise<void> {
  await deps.db.transaction(async (tx) => {
    await tx.$queryRaw`SELECT id FROM run WHERE id = ${runId} FOR UPDATE`;
    const run = await tx.run.findUniqueOrThrow({ where: { id: runId } });
    if (run.state === 'running') await pauseRun(deps, tx, run, 'step-failed');
  });
}
