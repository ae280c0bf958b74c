import { parsePlan, type Roster, type RoundPlan } from '@sumveil/secagg';
import { fromBase64url, parseBody, verifyBody, writtenDigest } from '@sumveil/wire';
import type { Attempt, Message } from '../../generated/prisma/client.ts';
import { type CheckContext, ownRoster } from '../check.ts';

export interface SignedAttempt {
  readonly row: Attempt;
  readonly plan: RoundPlan;
  readonly roster: Roster;
}

/** Attempt whose plan this signer has signed, with the roster it names; undefined otherwise. */
export async function signedAttempt(context: CheckContext, attemptId: string): Promise<SignedAttempt | undefined> {
  if (!/^[0-9a-f-]{36}$/.test(attemptId)) return undefined;
  const row = await context.tx.attempt.findUnique({ where: { id: attemptId } });
  if (!row?.planSig) return undefined;
  const plan = parsePlan(row.planBody);
  // Rows are the worker's: the signed plan must be of this very place, or a plan could be used for two attempts.
  if (plan.jobId !== row.runId || plan.round !== row.round || plan.attempt !== row.attempt) return undefined;
  const key = fromBase64url(context.keys.published.coordinatorKey, 32);
  if (!verifyBody('plan', { body: row.planBody, sig: row.planSig }, key)) return undefined;
  const own = await ownRoster(context, writtenDigest(fromBase64url(plan.rosterHash, 32)));
  return own && { row, plan, roster: own.roster };
}

export type MessageKind = 'm0' | 'm1' | 'm2' | 'm4';

/**
 * Messages of a kind that count, ascending idx. Only those that verify with the member's roster key and belong to this
 * plan are returned: rows could have been written by anybody who holds the database.
 */
export async function verifiedMessages(
  context: CheckContext,
  { row, plan, roster }: SignedAttempt,
  kind: MessageKind,
): Promise<Message[]> {
  const rows = await context.tx.message.findMany({
    where: { attemptId: row.id, kind, late: false },
    orderBy: { idx: 'asc' },
  });
  return rows.filter((message) => belongs(message, plan, roster, kind));
}

function belongs(message: Message, plan: RoundPlan, roster: Roster, kind: MessageKind): boolean {
  const member = roster.members.find((m) => m.idx === message.idx);
  if (!member || !plan.cohort.includes(message.idx)) return false;
  const signed = { body: message.body, sig: message.sig };
  if (!verifyBody(kind, signed, fromBase64url(member.rosterKey, 32))) return false;
  const body = parseBody(message.body) as { type?: unknown; idx?: unknown; planHash?: unknown };
  return body.type === kind && body.idx === message.idx && body.planHash === plan.planHash.toString('base64url');
}

/** A field of a verified message, as on the wire. */
export function fieldOf(message: Message, name: string): unknown {
  return (JSON.parse(Buffer.from(message.body).toString('utf8')) as Record<string, unknown>)[name];
}

/** A list that this signer has signed, undefined otherwise. */
export async function signedList(
  context: CheckContext,
  attemptId: string,
  phase: 'u1' | 'u2' | 'u3',
): Promise<{ members: number[]; listHash: string } | undefined> {
  const row = await context.tx.phaseList.findUnique({ where: { attemptId_phase: { attemptId, phase } } });
  if (!row?.sig) return undefined;
  const key = fromBase64url(context.keys.published.coordinatorKey, 32);
  if (!verifyBody('list', { body: row.body, sig: row.sig }, key)) return undefined;
  const body = JSON.parse(Buffer.from(row.body).toString('utf8')) as {
    members: number[];
    listHash: string;
    phase: string;
  };
  return body.phase === phase ? body : undefined;
}
