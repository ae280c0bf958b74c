import { parsePlan, type RoundPlan } from '@sumveil/secagg';
import type { Signed } from '@sumveil/wire';
import type { Tx } from '../../db/client.ts';
import { CoordinatorError } from '../../error.ts';
import type { Attempt, Message, PhaseList } from '../../generated/prisma/client.ts';
import type { ListPhase, MessageKind } from './phase.ts';

export interface LoadedAttempt {
  readonly row: Attempt;
  readonly plan: RoundPlan;
}

/** Locks the attempt so that its phase cannot close (`share`) or nobody else can act on it (`update`). */
export async function lockAttempt(tx: Tx, id: string, mode: 'share' | 'update'): Promise<LoadedAttempt> {
  if (mode === 'share') await tx.$queryRaw`SELECT id FROM attempt WHERE id = ${id}::uuid FOR SHARE`;
  else await tx.$queryRaw`SELECT id FROM attempt WHERE id = ${id}::uuid FOR UPDATE`;
  return loadAttempt(tx, id);
}

export async function loadAttempt(tx: Tx, id: string): Promise<LoadedAttempt> {
  const row = await tx.attempt.findUniqueOrThrow({ where: { id } });
  return { row, plan: parsePlan(row.planBody) };
}

type OfTenant = 'id' | 'runId' | 'round' | 'attempt' | 'phase' | 'planBody' | 'planSig' | 'planHash' | 'leafKey';

export interface AttemptOfTenant {
  readonly row: Pick<Attempt, OfTenant | 'manifestBody' | 'manifestSig'>;
  readonly plan: RoundPlan;
  readonly idx: number;
}

/**
 * What every request of a connector about an attempt begins with, in one statement.
 *
 * @throws CoordinatorError NOT_FOUND, also for a tenant outside the cohort: an absent attempt looks the same
 */
export async function attemptForTenant(tx: Tx, planHash: Uint8Array, tenantRef: string): Promise<AttemptOfTenant> {
  const [found] = await tx.$queryRaw<(AttemptOfTenant['row'] & { idx: number })[]>`
    SELECT a.id, a.run_id AS "runId", a.round, a.attempt, a.phase, a.plan_body AS "planBody", a.plan_sig AS "planSig",
           a.plan_hash AS "planHash", a.leaf_key AS "leafKey", a.manifest_body AS "manifestBody",
           a.manifest_sig AS "manifestSig", t.idx
    FROM attempt a, tenant t WHERE a.plan_hash = ${Uint8Array.from(planHash)} AND t.ref = ${tenantRef}`;
  if (found && found.phase !== 'opening') {
    const { idx, ...row } = found;
    const plan = parsePlan(row.planBody);
    if (plan.cohort.includes(idx)) return { row, plan, idx };
  }
  throw new CoordinatorError('NOT_FOUND', 'There is no attempt with this plan hash for this tenant.');
}

export async function phaseList(tx: Tx, attemptId: string, phase: ListPhase): Promise<PhaseList | null> {
  return tx.phaseList.findUnique({ where: { attemptId_phase: { attemptId, phase } } });
}

export async function requireList(tx: Tx, attemptId: string, phase: ListPhase): Promise<PhaseList> {
  const list = await phaseList(tx, attemptId, phase);
  if (!list)
    throw new CoordinatorError(
      'CONFLICT',
      `The list ${phase} of this attempt is not made yet; its phase is still open.`,
    );
  return list;
}

/** Answers of a phase that count, ascending idx. */
export async function messagesOf(
  tx: Tx,
  attemptId: string,
  kind: MessageKind,
  members?: readonly number[],
): Promise<Message[]> {
  return tx.message.findMany({
    where: { attemptId, kind, late: false, ...(members ? { idx: { in: [...members] } } : {}) },
    orderBy: { idx: 'asc' },
  });
}

export function signedOf(row: { body: Uint8Array; sig: Uint8Array | null }): Signed {
  if (!row.sig)
    throw new CoordinatorError('UNAVAILABLE', 'This object is not signed yet; ask again shortly.', {
      retryAfterSeconds: 1,
    });
  return { body: row.body, sig: row.sig };
}

/** Tenants of roster indices, for leaves, which carry refs. */
export async function refsOf(tx: Tx, indices: readonly number[]): Promise<string[]> {
  const rows = await tx.tenant.findMany({
    where: { idx: { in: [...indices] } },
    orderBy: { idx: 'asc' },
    select: { ref: true },
  });
  return rows.map((row) => row.ref);
}
