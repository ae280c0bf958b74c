import { parseDecisionInput } from '@sumveil/policy';
import { argsOfPlan, parsePlan, type RoundPlan, roundPlan, ZERO_HASH } from '@sumveil/secagg';
import { digestOf, hashOfDigest, sha256, signBody, toBase64url, writtenDigest } from '@sumveil/wire';
import type { Tx } from '../../db/client.ts';
import type { Attempt } from '../../generated/prisma/client.ts';
import { type Check, type CheckContext, ownRoster } from '../check.ts';
import { refuse } from '../refusal.ts';

const bytes = (text: string) => Buffer.from(text, 'base64url');

/** The first deadline may be that far off for clocks (secure-aggregation.md section 4). */
const CLOCK_MS = 60_000;

/**
 * A round plan is signed when it equals `roundPlan(...)` of the approved file, the grant and the roster, its arguments are
 * those of the rows, and the grant stands under a quorum: the coordinator decides nothing that people did not approve.
 */
export const checkPlan: Check = async (context, subject, body) => {
  const { tx, log } = context;
  const plan = parsePlan(body);
  const { jobId: runId, round, attempt } = plan;
  if (subject !== `${runId}/${round}/${attempt}`) return refuse('UNKNOWN_SUBJECT');
  if (await log.frozen(tx)) return refuse('FROZEN');
  const row = await tx.attempt.findUnique({ where: { runId_round_attempt: { runId, round, attempt } } });
  if (!row || !Buffer.from(row.planBody).equals(body)) return refuse('UNKNOWN_SUBJECT');
  const roster = await ownRoster(context, writtenDigest(bytes(plan.rosterHash)));
  if (!roster) return refuse('ROSTER');
  const grant = await tx.grant.findUnique({ where: { digest: writtenDigest(bytes(plan.grantDigest)) } });
  if (!grant) return refuse('PLAN_DIFFERS');
  const fields = context.memo.grant(grant.envelope, roster.grantKey);
  if (fields.runId !== runId || fields.digest !== grant.digest) return refuse('PLAN_DIFFERS');
  const approved = await context.memo.plan(tx, fields.planDigest);
  if (!approved) return refuse('PLAN_DIFFERS');
  const args = argsOfPlan(plan);
  const expected = roundPlan({ planFile: approved.bytes, grantPayload: fields.payload, roster }, args);
  if (!expected.equals(body) || !(await argsHold(tx, plan, fields.baseModelDigest))) {
    return refuse('PLAN_DIFFERS');
  }
  const most = approved.manifest.deadlines.advertise[1] * 1000;
  if (plan.deadlines[0] > context.now.getTime() + most + CLOCK_MS) return refuse('PLAN_DIFFERS');
  const cohort = await context.memo.cohort(tx, {
    plan: approved,
    roster,
    eligible: fields.cohort.members,
    now: context.now,
  });
  if (cohort.members.length !== fields.cohort.members.length) return refuse('APPROVALS');
  if (!(await decisionHolds(context, row))) return refuse('POLICY');
  if (!(await log.covered(grant.leafKey, tx))) return { wait: 'quorum' };
  return { sign: signBody('plan', body, context.keys.coordinator).sig };
};

/** retryOf, prevManifest and modelHash follow from the rounds before, whatever the request says. */
async function argsHold(tx: Tx, plan: RoundPlan, baseModelDigest: string): Promise<boolean> {
  const { jobId: runId, round, attempt } = plan;
  const before = { runId, round: { lt: round }, phase: 'released' };
  const released = await tx.attempt.findFirst({ where: before, orderBy: { round: 'desc' } });
  const retried = await tx.attempt.findFirst({ where: { runId, round, attempt: attempt - 1 } });
  const retryOf = retried ? toBase64url(retried.planHash) : ZERO_HASH;
  const prevManifest = released ? toBase64url(sha256(released.manifestBody!)) : ZERO_HASH;
  const version = await tx.modelVersion.findFirst({
    where: { runId },
    orderBy: { round: 'desc' },
    select: { digest: true },
  });
  const modelHash = toBase64url(hashOfDigest(version?.digest ?? baseModelDigest));
  const sequence = attempt > 0 === (retried !== null) && round > (released?.round ?? 0);
  return sequence && plan.retryOf === retryOf && plan.prevManifest === prevManifest && plan.modelHash === modelHash;
}

/** The decision that opened this round is made again with its recorded input. */
export async function decisionHolds(
  { tx, policy }: CheckContext,
  row: Pick<Attempt, 'decisionId' | 'runId'>,
): Promise<boolean> {
  const decision = await tx.policyDecision.findUnique({ where: { id: row.decisionId } });
  if (decision?.action !== 'startRound' || decision.runId !== row.runId || decision.bundle !== policy.digest)
    return false;
  if (digestOf(decision.input) !== decision.inputDigest) return false;
  return policy.decide(parseDecisionInput(decision.input)).effect === 'allow';
}
