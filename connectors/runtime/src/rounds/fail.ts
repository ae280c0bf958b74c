import { ClientError } from '@sumveil/client';
import { type AbortReason, abortMessage, SecaggError } from '@sumveil/secagg';
import { errorCode } from '@sumveil/telemetry';
import { encodeSigned, memberByTenant, type TaskKind, WireError } from '@sumveil/wire';
import type { Site } from '../site.ts';
import { type Attempt, endAttempt } from './attempt.ts';
import { recordEgress } from './send.ts';

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
export async function failAttempt(site: Site, attempt: Attempt, kind: TaskKind, error: unknown): Promise<void> {
  const { state, client, logger, board, keys, member, stopping } = site;
  const { runId, round, attempt: number, planHash, plan, roster } = attempt;
  const over = attempt.ended.signal.aborted || stopping.aborted;
  const code = errorCode(error);
  if (!over) {
    board.setRun({ runId, round, attempt: number, phase: 'dropped', code });
    logger.with({ run: runId, round, attempt: number }).event('connector.dropped', { code, phase: kind });
    if (error instanceof SecaggError) board.warn(`ATTEMPT ${runId}`, `Run ${runId}, round ${round}: ${error.detail}.`);
  }
  // A coordinator that closed the phase, or refused the message, needs no abort to go on.
  if (over || error instanceof ClientError || !state.attempts.markAborted(planHash)) return endAttempt(attempt);
  const idx = memberByTenant(roster, member.tenantRef)!.idx;
  // Bytes that are no message at all are refused like a message that breaks a rule.
  const isRefusal = error instanceof SecaggError || error instanceof WireError;
  const reason = site.now() >= plan.expires ? 'expired' : (reasons[kind] ?? 'local');
  const bytes = encodeSigned(
    abortMessage({
      plan,
      idx,
      rosterKey: keys.roster,
      reason: isRefusal ? reason : 'local',
      state: attempt.state,
    }),
  );
  recordEgress(site, attempt, 'abort', bytes, code);
  endAttempt(attempt);
  try {
    await client.call('submitMessage', { params: { planHash, kind: 'abort' }, body: bytes });
  } catch (unsent) {
    if (!(unsent instanceof ClientError)) throw unsent;
  }
}
