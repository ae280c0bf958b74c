import { ClientError } from '@sumveil/client';
import { canonicalBytes, digestOf, dsseBytes, fromBase64url, keyIdOf, signDsse, type Task } from '@sumveil/wire';
import type { Site } from '../site.ts';
import { digestText } from './grant.ts';
import type { GateFault } from './verdict.ts';

export const REFUSAL_TYPE = 'application/vnd.sumveil.gate-refusal.v1+json';

/** Signs the refusal, keeps it in the egress ledger, then sends it: code and field number, never the detail. */
export async function sendRefusal(site: Site, task: Task, grantDigest: string, fault: GateFault): Promise<void> {
  const { keys, member, state, client, logger, board, now } = site;
  const { runId, round, attempt, planHash } = task;
  const payload = canonicalBytes({
    v: 1,
    tenantRef: member.tenantRef,
    runId,
    planHash: digestText(fromBase64url(planHash, 32)),
    grantDigest,
    code: fault.code,
    ...(fault.field !== undefined && { field: fault.field }),
    at: new Date(now()).toISOString(),
  });
  const bytes = dsseBytes(signDsse(REFUSAL_TYPE, payload, keys.roster, keyIdOf(keys.rosterPublic)));
  board.setRun({ runId, round, attempt, phase: 'refused', code: fault.code });
  board.warn(`GATE ${runId}`, `Run ${runId}, round ${round}: refused here (${fault.code}: ${fault.detail}).`);
  logger.event('connector.gate_refused', { code: fault.code, grantDigest, ...(fault.field && { field: fault.field }) });
  const entry = { what: 'refusal', digest: digestOf(bytes), bytes: bytes.length, code: fault.code } as const;
  state.egress.record({ ...entry, runId, round, attempt, planHash }, now());
  try {
    await client.call('refuse', { params: { runId }, body: bytes });
  } catch (error) {
    // The refusal holds without the coordinator's consent; what counts is that nothing else is sent.
    if (!(error instanceof ClientError)) throw error;
  }
}
