import type { JobBinding } from '../../queue/topics.ts';
import { advanceAttempt, advanceRun, type RoundDeps } from './advance.ts';
import { sumChunk } from './sum-chunk.ts';

export function roundJobs(deps: RoundDeps): JobBinding[] {
  return [
    { topic: 'round.open', handle: ({ ref }) => advanceRun(deps, ref) },
    { topic: 'attempt.advance', handle: ({ ref }) => advanceAttempt(deps, ref) },
    { topic: 'chunk.sum', handle: ({ ref }) => sumChunk(deps, ref) },
  ];
}
