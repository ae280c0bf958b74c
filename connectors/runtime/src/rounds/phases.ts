import type { Site } from '../site.ts';
import type { Attempt, AttemptTable } from './attempt.ts';

/** What a phase works with. */
export interface PhaseDeps {
  readonly site: Site;
  readonly table: AttemptTable;
  /** Resolves when the results of the run that have come so far are taken, or after `timings.settle`. */
  readonly results: (runId: string) => Promise<void>;
  /** Does work beside the runs' own queues, one after the other under one key; ended before the connector is. It must not throw. */
  readonly beside: (key: string, work: () => Promise<void>) => void;
}

export function showPhase({ board, logger }: Site, attempt: Attempt, phase: string): void {
  const { runId, round, attempt: number } = attempt;
  board.setRun({ runId, round, attempt: number, phase });
  logger.with({ run: runId, round, attempt: number }).event('connector.phase', { phase });
}

/** Messages that were kept go out again as they were; a phase that is past and has no kept message stays silent. */
export function isPast(attempt: Attempt, step: Attempt['state']['step']): boolean {
  return attempt.state.step !== step || attempt.ended.signal.aborted;
}
