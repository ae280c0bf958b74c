import type { JobBinding } from '../../queue/topics.ts';
import { advanceAttempt, advanceRun, type RoundDeps } from './advance.ts';
import { pauseStuckAttempt, pauseStuckRun } from './pause-stuck.ts';
import { sumChunk } from './sum-chunk.ts';

export function roundJobs(deps: RoundDeps): JobBinding[] {
  const stuckAttempt = (ref: string) => pauseStuckAttempt(deps, ref);
  return [
    { topic: 'round.open', handle: ({ ref }) => advanceRun(deps, ref), givenUp: (ref) => pauseStuckRun(deps, ref) },
    { topic: 'attempt.advance', handle: ({ ref }) => advanceAttempt(deps, ref), givenUp: stuckAttempt },
    { topic: 'chunk.sum', handle: ({ ref }) => sumChunk(deps, ref), givenUp: stuckAttempt },
  ];
}
