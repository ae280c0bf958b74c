import { buildGrant, type Grant, grantPayload } from '@sumveil/approvals';
import type { Roster } from '@sumveil/secagg';
import { canonicalBytes, digestOf, dsseBytes, dssePayload, parseCanonical } from '@sumveil/wire';
import type { Tx } from '../../db/client.ts';
import { approvalEvidence, judgeCohort } from '../../features/decisions/facts.ts';
import { type ApprovedPlan, epsilonCapMicro } from '../../plan/approved-plan.ts';
import { type Check, type CheckContext, ownRoster } from '../check.ts';
import { type RefusalCode, refuse } from '../refusal.ts';
import { decisionHolds } from './decision.ts';

/** A grant says "all approvals are there", so all of them are judged here again, with the roster's keys, at this moment. */
export const checkGrant: Check = async (context, subject, body) => {
  const parsed = grantPayload.safeParse(parseCanonical(body));
  if (!parsed.success) return refuse('FORMAT');
  const grant = parsed.data;
  if (grant.grantId !== subject) return refuse('UNKNOWN_SUBJECT');
  if (await context.log.frozen(context.tx)) return refuse('FROZEN');
  const own = await ownRoster(context, grant.rosterHash);
  if (!own || own.superseded) return refuse('ROSTER');
  const { roster } = own;
  const plan = await context.memo.plan(context, grant.planDigest);
  if (!plan) return refuse('PLAN_DIFFERS');
  const fault = (await planFault(context, grant, plan)) ?? (await cohortFault(context, grant, plan, roster));
  if (fault) return refuse(fault);
  const { v: _, ...fields } = grant;
  const envelope = buildGrant(fields, context.keys.grant);
  return dssePayload(envelope).equals(body) ? { sign: dsseBytes(envelope) } : refuse('FORMAT');
};

async function planFault({ tx }: CheckContext, grant: Grant, plan: ApprovedPlan): Promise<RefusalCode | undefined> {
  const { manifest } = plan;
  const run = await tx.run.findUnique({ where: { id: grant.runId } });
  if (run?.planDigest !== grant.planDigest || !['granting', 'running', 'paused'].includes(run.state))
    return 'UNKNOWN_SUBJECT';
  const row = await tx.plan.findUniqueOrThrow({ where: { digest: grant.planDigest }, select: { withdrawnAt: true } });
  if (row.withdrawnAt) return 'APPROVALS';
  const agrees =
    grant.codeDigest === manifest.code.digest &&
    grant.baseModelDigest === manifest.model.digest &&
    grant.cohort.min === manifest.cohort.min &&
    grant.epsilonTotalMicro <= epsilonCapMicro(plan) &&
    grant.epsilonRoundMicro <= grant.epsilonTotalMicro &&
    grant.window === undefined &&
    grant.dataVersions.length === 0 &&
    grant.deltaInv === Number(manifest.privacy.deltaInv ?? 1);
  return agrees ? undefined : 'PLAN_DIFFERS';
}

async function cohortFault(
  context: CheckContext,
  grant: Grant,
  plan: ApprovedPlan,
  roster: Roster,
): Promise<RefusalCode | undefined> {
  const { tx } = context;
  const cohort = await judgeCohort(tx, plan, roster, plan.manifest.cohort.members);
  const needs = plan.manifest.approvals;
  const approved =
    cohort.distinctApprovers >= Math.max(2, needs.approvers) &&
    cohort.tenantCount >= 2 &&
    !cohort.requesterIsApprover &&
    needs.roles.every((role) => cohort.approvedRoles.includes(role)) &&
    cohort.approvalsExpireAt !== undefined &&
    grant.expiresAt <= cohort.approvalsExpireAt &&
    grant.notBefore <= context.now.getTime() + 60_000;
  if (!approved) return 'APPROVALS';
  if (!sameMembers(grant.cohort.members, cohort.members)) return 'COHORT';
  // Refusals and withdrawals that the coordinator holds go along, so that no connector is shown a selection.
  const held = (await approvalEvidence(tx, plan.digest)).approvals.map((envelope) =>
    digestOf(canonicalBytes(envelope)),
  );
  const carried = new Set(grant.approvals.map((envelope) => digestOf(canonicalBytes(envelope))));
  if (!held.every((digest) => carried.has(digest))) return 'APPROVALS';
  const { decisionId, runId } = grant;
  const decided = await decisionHolds(context, { decisionId, action: 'startRun', runId, plan, cohort });
  if (!decided || grant.policyBundle !== context.policy.digest) return 'POLICY';
  return await successionFault(tx, grant);
}

function sameMembers(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.toSorted().every((ref, i) => ref === b.toSorted()[i]);
}

/** A run has one grant; another one names the newest and never adds a member to it (governance.md section 3). */
async function successionFault(tx: Tx, grant: Grant): Promise<RefusalCode | undefined> {
  const issued = await tx.grant.findMany({
    where: { runId: grant.runId },
    select: { digest: true, prevGrant: true, payload: true },
  });
  const newest = issued.find(({ digest }) => !issued.some((other) => other.prevGrant === digest));
  if (grant.prevGrant !== newest?.digest) return 'COHORT';
  if (!newest) return undefined;
  const { cohort } = grantPayload.parse(parseCanonical(newest.payload));
  return grant.cohort.members.every((ref) => cohort.members.includes(ref)) ? undefined : 'COHORT';
}
