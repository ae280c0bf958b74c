import { ClientError } from '@sumveil/client';
import { type AbortReason, SecaggError } from '@sumveil/secagg';
import { errorCode } from '@sumveil/telemetry';
import { type TaskKind, WireError } from '@sumveil/wire';
import { leaveBy } from './abort.ts';
import { type Attempt, endAttempt } from './attempt.ts';
import type { PhaseDeps } from './phases.ts';

const reasons: Partial<Record<TaskKind, AbortReason>> = {
  share: 'directory',
  masked: 'share',
  consistency: 'list',
  unmask: 'consistency',
};

/**
 * A failed check or step ends the attempt here: nothing more is sent for it, except `abort` while M4 has not been sent
 * (secure-aggregation section 10). Which check failed stays in the local log.
 */
export function failAttempt(deps: PhaseDeps, attempt: Attempt, kind: TaskKind, error: unknown): void {
  const { logger, board, stopping, now } = deps.site;
  const { runId, round, attempt: number, plan } = attempt;
  const over = attempt.ended.signal.aborted || stopping.aborted;
  const code = errorCode(error);
  if (!over) {
    board.setRun({ runId, round, attempt: number, phase: 'dropped', code });
    logger.with({ run: runId, round, attempt: number }).event('connector.dropped', { code, phase: kind });
    if (error instanceof SecaggError) board.warn(`ATTEMPT ${runId}`, `Run ${runId}, round ${round}: ${error.detail}.`);
  }
  // Before anything else is sent: its secrets are gone from here on, so that no M4 can follow the abort.
  endAttempt(attempt);
  // A coordinator that closed the phase, or refused the message, needs no abort to go on.
  if (over || error instanceof ClientError) return;
  // Bytes that are no message at all are refused like a message that breaks a rule.
  const isRefusal = error instanceof SecaggError || error instanceof WireError;
  const reason = now() >= plan.expires ? 'expired' : (reasons[kind] ?? 'local');
  leaveBy(deps, attempt, isRefusal ? reason : 'local', code);
}
