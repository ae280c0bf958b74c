import { parsePlan, type RoundPlan } from '@sumveil/secagg';
import { decodeSigned, sha256, type Task, toBase64url } from '@sumveil/wire';
import { leaveBy } from './abort.ts';
import type { PhaseDeps } from './phases.ts';

/**
 * An attempt that an earlier process of this connector joined: its secrets were in that process's memory and are gone. The
 * coordinator is told at once by `abort`, so that nobody waits for the lease of a connector that is present again; after M4
 * there is nothing to tell (secure-aggregation section 15). Told again at each of its tasks: an earlier process may have
 * ended between its commit and the answer.
 */
export async function leaveOrphaned(deps: PhaseDeps, { planHash }: Pick<Task, 'planHash'>): Promise<void> {
  const { state, client, logger, board, now } = deps.site;
  const row = state.attempts.byPlan(planHash);
  if (!row || row.m4Sent) return;
  const { runId, round, attempt } = row;
  const { plan } = await client.call('attemptPlan', { params: { planHash } });
  const joined = { runId, round, attempt, planHash, plan: planUnder(planHash, Buffer.from(plan, 'base64')) };
  if (now() >= joined.plan.expires || !leaveBy(deps, joined, 'local', 'RESTARTED') || row.aborted) return;
  board.setRun({ runId, round, attempt, phase: 'dropped', code: 'RESTARTED' });
  logger.with({ run: runId, round, attempt }).event('connector.dropped', { code: 'RESTARTED' });
}

/** The earlier process stored the hash when its gate had judged the plan: these are the bytes that it judged. */
function planUnder(planHash: string, signed: Buffer): RoundPlan {
  const { body } = decodeSigned(signed);
  if (toBase64url(sha256(body)) !== planHash)
    throw new Error('the coordinator answered with another plan than the task names');
  return parsePlan(body);
}
