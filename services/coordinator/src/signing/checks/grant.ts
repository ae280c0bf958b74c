import { buildGrant, type Grant, grantPayload } from '@sumveil/approvals';
import { parseDecisionInput } from '@sumveil/policy';
import type { Roster } from '@sumveil/secagg';
import { canonicalBytes, digestOf, dsseBytes, dssePayload, parseCanonical } from '@sumveil/wire';
import { approvalEvidence, type Cohort, judgeCohort } from '../../features/decisions/facts.ts';
import { type ApprovedPlan, epsilonCapMicro, loadPlan } from '../../plan/approved-plan.ts';
import { type Check, type CheckContext, ownRoster } from '../check.ts';
import { type RefusalCode, refuse } from '../refusal.ts';

/** A grant says "all approvals are there", so all of them are judged here again, with the roster's keys, at this moment. */
export const checkGrant: Check = async (context, subject, body) => {
  const parsed = grantPayload.safeParse(parseCanonical(body));
  if (!parsed.success) return refuse('FORMAT');
  const grant = parsed.data;
  if (grant.grantId !== subject) return refuse('UNKNOWN_SUBJECT');
  if (await context.log.frozen(context.tx)) return refuse('FROZEN');
  const roster = await ownRoster(context, grant.rosterHash);
  if (!roster || (await isSuperseded(context, roster))) return refuse('ROSTER');
  const plan = await loadPlan(context.tx, grant.planDigest);
  const fault = (await planFault(context, grant, plan)) ?? (await cohortFault(context, grant, plan, roster));
  if (fault) return refuse(fault);
  const { v: _, ...fields } = grant;
  const envelope = buildGrant(fields, context.keys.grant);
  return dssePayload(envelope).equals(body) ? { sign: dsseBytes(envelope) } : refuse('FORMAT');
};

async function isSuperseded({ tx }: CheckContext, roster: Roster): Promise<boolean> {
  const newest = await tx.roster.findFirst({ where: { effectiveAt: { not: null } }, orderBy: { epoch: 'desc' } });
  return newest?.epoch !== roster.epoch;
}

async function planFault({ tx }: CheckContext, grant: Grant, plan: ApprovedPlan): Promise<RefusalCode | undefined> {
  const { manifest } = plan;
  const run = await tx.run.findUnique({ where: { id: grant.runId } });
  if (run?.planDigest !== grant.planDigest || !['granting', 'running', 'paused'].includes(run.state))
    return 'UNKNOWN_SUBJECT';
  if (digestOf(plan.bytes) !== grant.planDigest) return 'PLAN_DIFFERS';
  const row = await tx.plan.findUniqueOrThrow({ where: { digest: grant.planDigest }, select: { withdrawnAt: true } });
  if (row.withdrawnAt) return 'APPROVALS';
  const agrees =
    grant.codeDigest === manifest.code.digest &&
    grant.baseModelDigest === manifest.model.digest &&
    grant.cohort.min === manifest.cohort.min &&
    grant.epsilonTotalMicro <= epsilonCapMicro(plan);
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
  return (await decisionHolds(context, grant, cohort)) ? undefined : 'POLICY';
}

function sameMembers(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.toSorted().every((ref, i) => ref === b.toSorted()[i]);
}

/** The recorded decision is made again, and its facts must be those that this check has counted itself. */
async function decisionHolds({ tx, policy }: CheckContext, grant: Grant, cohort: Cohort): Promise<boolean> {
  const row = await tx.policyDecision.findUnique({ where: { id: grant.decisionId } });
  if (row?.action !== 'startRun' || row.planDigest !== grant.planDigest || row.bundle !== policy.digest) return false;
  if (grant.policyBundle !== policy.digest || digestOf(row.input) !== row.inputDigest) return false;
  const request = parseDecisionInput(row.input);
  const facts = request.context as Record<string, unknown>;
  const counted =
    facts.planDigest === grant.planDigest &&
    facts.cohortSize === cohort.members.length &&
    facts.distinctApprovers === cohort.distinctApprovers &&
    facts.requesterIsApprover === cohort.requesterIsApprover;
  return counted && policy.decide(request).effect === 'allow';
}
