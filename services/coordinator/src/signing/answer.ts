import { ApprovalsError } from '@sumveil/approvals';
import { SecaggError } from '@sumveil/secagg';
import { TransparencyError } from '@sumveil/transparency';
import { digestOf, WireError } from '@sumveil/wire';
import { ZodError } from 'zod';
import { databaseNow, type Tx } from '../db/client.ts';
import { channels, notify } from '../db/notify.ts';
import type { LeafLog, SignKind } from '../deps.ts';
import { isCoordinatorError } from '../error.ts';
import { type Lease, requireLease } from '../lease/lease.ts';
import type { Check, CheckContext } from './check.ts';
import { certificateRefusal, checkCertificate } from './checks/certificate.ts';
import { checkGrant } from './checks/grant.ts';
import { checkList } from './checks/list.ts';
import { checkManifest } from './checks/manifest.ts';
import { checkPlan } from './checks/plan.ts';
import { checkReport } from './checks/report.ts';
import { LeafPending } from './evidence.ts';
import { type Answer, type Outcome, recordRefusal, refuse } from './refusal.ts';

const checks: Record<SignKind, Check> = {
  certificate: checkCertificate,
  grant: checkGrant,
  plan: checkPlan,
  list: checkList,
  manifest: checkManifest,
  report: checkReport,
};

export interface SignRequestRow {
  readonly id: bigint;
  readonly kind: SignKind;
  readonly subject: string;
  readonly body: Buffer;
  readonly orderedAt: Date;
}

/**
 * Check, signature and answer in one transaction that holds the lease row at this signer's epoch (governance.md section 1,
 * "One active"). The signature leaves the process in the committed row only, so a signer that slept signs nothing.
 *
 * @throws CoordinatorError `FENCED`
 */
export async function answerRequest(
  tx: Tx,
  lease: Lease,
  context: Omit<CheckContext, 'tx' | 'now' | 'orderedAt'>,
  request: SignRequestRow,
): Promise<Outcome> {
  await requireLease(tx, lease);
  const outcome = await judge({ ...context, tx, now: await databaseNow(tx), orderedAt: request.orderedAt }, request);
  if (!('wait' in outcome)) await writeAnswer(tx, lease, context.log, request, outcome);
  else if (outcome.wait === 'sequencer') await notify(tx, channels.leaf);
  return outcome;
}

/**
 * Refusal of a request on which a check broke, in a transaction of its own: the one of the check may be unusable. Without
 * it whoever may insert requests could fill the signer's hands for ever with ones that are never answered.
 *
 * @throws CoordinatorError `FENCED`
 */
export async function refuseBroken(tx: Tx, lease: Lease, log: LeafLog, request: SignRequestRow): Promise<Answer> {
  await requireLease(tx, lease);
  const outcome = refuse('FORMAT');
  await writeAnswer(tx, lease, log, request, outcome);
  return outcome;
}

async function writeAnswer(tx: Tx, lease: Lease, log: LeafLog, request: SignRequestRow, answer: Answer): Promise<void> {
  const { id, kind, subject, body } = request;
  const result = 'sign' in answer ? Uint8Array.from(answer.sign) : null;
  const error = 'refuse' in answer ? answer.refuse : null;
  if ('refuse' in answer) await recordRefusal(tx, log, { kind, subject, code: answer.refuse });
  await tx.$queryRaw`
    WITH answered AS (
      INSERT INTO signature (request_id, epoch, digest, result, error)
      VALUES (${id}, ${lease.epoch}, ${digestOf(body)}, ${result}, ${error}) RETURNING 1
    )
    SELECT pg_notify(${channels.signed}, ${`${kind} ${subject}`})::text FROM answered`;
}

/** Bytes that cannot even be read are a refusal like any other; a fault of the database or of a disk is not. */
async function judge(context: CheckContext, { kind, subject, body }: SignRequestRow): Promise<Outcome> {
  if (!Object.hasOwn(checks, kind)) return refuse('FORMAT');
  try {
    return await checks[kind](context, subject, body);
  } catch (error) {
    if (error instanceof LeafPending) return { wait: 'sequencer' };
    const refused = refusalOf(error);
    if (!refused) throw error;
    return refused;
  }
}

function refusalOf(error: unknown): Outcome | undefined {
  const certificate = certificateRefusal(error);
  if (certificate) return refuse(certificate);
  if (error instanceof SecaggError) return refuse(error.code === 'PLAN' ? 'PLAN_DIFFERS' : 'SECRETS');
  if (error instanceof ApprovalsError) return refuse('APPROVALS');
  if (error instanceof TransparencyError) return refuse('QUORUM');
  if (error instanceof WireError || error instanceof ZodError || error instanceof SyntaxError) return refuse('FORMAT');
  return isCoordinatorError(error, 'NOT_FOUND') ? refuse('UNKNOWN_SUBJECT') : undefined;
}
