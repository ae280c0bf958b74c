import { abortMessage, parsePlan, type RoundPlan } from '@sumveil/secagg';
import { decodeSigned, digestOf, encodeSigned, memberByTenant, sha256, type Task, toBase64url } from '@sumveil/wire';
import { isPassing } from '../coordinator-link.ts';
import { pause } from '../pause.ts';
import type { Site } from '../site.ts';

/**
 * An attempt that an earlier process of this connector joined: its secrets were in that process's memory and are gone. The
 * coordinator is told at once by `abort`, so that nobody waits for the lease of a connector that is present again; after M4
 * there is nothing to tell (secure-aggregation section 15).
 */
export async function leaveOrphaned(site: Site, { planHash }: Pick<Task, 'planHash'>): Promise<void> {
  const { state, client, stopping, now, keys, logger, board, timings } = site;
  const row = state.attempts.byPlan(planHash);
  if (!row || row.m4Sent || row.aborted) return;
  const { runId, round, attempt } = row;
  const { plan } = await client.call('attemptPlan', { params: { planHash } });
  const checked = planUnder(planHash, Buffer.from(plan, 'base64'));
  const idx = idxIn(site, checked);
  if (idx === undefined || now() >= checked.expires || !state.attempts.markAborted(planHash)) return;
  board.setRun({ runId, round, attempt, phase: 'dropped', code: 'RESTARTED' });
  logger.with({ run: runId, round, attempt }).event('connector.dropped', { code: 'RESTARTED' });
  const bytes = encodeSigned(abortMessage({ plan: checked, idx, rosterKey: keys.roster, reason: 'local' }));
  const entry = { what: 'abort', digest: digestOf(bytes), bytes: bytes.byteLength, code: 'RESTARTED' } as const;
  state.egress.record({ ...entry, runId, round, attempt, planHash }, now());
  while (!stopping.aborted && now() < checked.expires) {
    try {
      await client.call('submitMessage', { params: { planHash, kind: 'abort' }, body: bytes, signal: stopping });
      return;
    } catch (error) {
      // Whatever the coordinator answers, it need not wait any more; without an answer it is told again.
      if (!isPassing(error)) return;
      await pause(timings.sendAgain, stopping);
    }
  }
}

/** The earlier process stored the hash when its gate had judged the plan: these are the bytes that it judged. */
function planUnder(planHash: string, signed: Buffer): RoundPlan {
  const { body } = decodeSigned(signed);
  if (toBase64url(sha256(body)) !== planHash)
    throw new Error('the coordinator answered with another plan than the task names');
  return parsePlan(body);
}

function idxIn({ rosters, member }: Site, { rosterHash }: RoundPlan): number | undefined {
  const roster = rosters.byHash(rosterHash);
  return roster && memberByTenant(roster, member.tenantRef)?.idx;
}
