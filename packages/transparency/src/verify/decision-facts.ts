import type { Roster } from '@sumveil/wire';
import { cohortKnownAt } from './cohort.ts';
import { entitiesIn, type GateContext, type GateInput, gateInputIn } from './decision-input.ts';
import { type Entry, type Evidence, leavesOf } from './evidence.ts';
import { sameSet } from './grant-links.ts';
import type { CohortFacts, PlanFacts, Replay } from './replay.ts';
import { attempt, must } from './result.ts';

/** What the rest of the bundle shows about an act that the policy gates. */
export interface GateUse {
  readonly run: string;
  readonly planDigest: string;
  readonly plan: PlanFacts;
  readonly roster: Roster;
  readonly requesterRef: string;
  /** Whose approvals were judged. */
  readonly eligible: readonly string[];
  /** The tenants that the act is about. */
  readonly cohort: readonly string[];
  /** All of the cohort must be in; a release may count fewer, since a withdrawal after opening takes nobody out of the sum. */
  readonly whole: boolean;
  /** ε that the release of this attempt was charged, micro-units. */
  readonly charged: number;
}

/** Most time between asking the policy and logging its answer, which happen in one transaction. */
const LONGEST_DECISION_MS = 60_000;

interface Question {
  readonly what: string;
  readonly decision: Entry<'policy.decided'>;
  readonly input: Uint8Array;
  readonly use: GateUse;
}

/**
 * Replay shows that a decision follows from its input; this shows that the input was not made up. Every claim that can
 * help a permit is compared with the plan file, the verified approvals, the ledger and the logged regions.
 */
export function checkGateFacts(evidence: Evidence, replay: Replay, { what, decision, input, use }: Question): void {
  const facts = gateInputIn(input, `${what}: input of its decision`);
  const { context } = facts;
  const { leaf, idx } = decision;
  must(context.planDigest === use.planDigest, `${what} was decided about another plan`);
  must(context.policyBundle === leaf.bundle, `${what} was decided under another policy bundle than its input says`);
  const late = Date.parse(leaf.time) - context.now;
  must(Math.abs(late) <= LONGEST_DECISION_MS, `${what} was decided as if at another time`);
  checkEntities(what, facts, use);
  const { roster, eligible, planDigest, requesterRef } = use;
  const at = new Date(context.now).toISOString();
  const known = cohortKnownAt(evidence, replay, idx, { roster, eligible, planDigest, requesterRef, at });
  checkCohort(what, context, use, known);
  const spent = leavesOf(evidence, 'privacy.charged')
    .filter((c) => c.idx < idx && c.leaf.scope === 'model' && c.leaf.run === use.run)
    .reduce((sum, c) => sum + c.leaf.epsilonMicro, 0);
  must(
    context.epsSpentMicro === spent,
    `${what} was decided with ${context.epsSpentMicro} spent, the log says ${spent}`,
  );
  must(context.epsNextMicro >= use.charged, `${what} was decided for less ε than was charged`);
  const regions = regionsOf(evidence, tenantsIn(context));
  must(
    regions.every((region) => context.cohortRegions.includes(region)),
    `${what} was decided without the region of a tenant`,
  );
}

/** Limits come from the plan file, or a decision could be asked for under looser ones. */
function checkEntities(what: string, facts: GateInput, { run, planDigest, plan }: GateUse): void {
  const entities = attempt(`${what}: entities of its decision`, () => entitiesIn(facts, run, plan.model));
  must(
    entities.alone &&
      entities.run.model === plan.model &&
      entities.run.planDigest === planDigest &&
      entities.run.minCohort === plan.minCohort &&
      entities.run.epsBudgetMicro === plan.epsilonTotalMicro &&
      entities.run.needApprovers === plan.needApprovers &&
      sameSet(entities.run.needRoles, plan.needRoles) &&
      sameSet(entities.model.allowedRegions, plan.regions),
    `${what} was decided under other limits than the plan file sets`,
  );
}

function tenantsIn({ approvals }: GateContext): string[] {
  return [...new Set(approvals.map((a) => a.tenant))];
}

/** Each approval counts by the rule, all of the cohort is there, and the numbers follow from exactly these approvals. */
function checkCohort(what: string, context: GateContext, use: GateUse, known: CohortFacts): void {
  for (const a of context.approvals) {
    const counts = known.counted.some(
      (c) =>
        c.tenantRef === a.tenant &&
        c.approverRef === a.approver &&
        c.role === a.role &&
        `${c.ticket.system}:${c.ticket.id}` === a.ticket &&
        Date.parse(c.expiresAt) === a.expiresAt,
    );
    const holds = counts && a.planDigest === use.planDigest;
    must(holds, `${what} was decided with an approval of ${a.tenant} that did not count then`);
  }
  const tenants = tenantsIn(context);
  const whole = use.whole ? sameSet(tenants, use.cohort) : tenants.every((ref) => use.cohort.includes(ref));
  must(whole, `${what} was decided about other tenants than its cohort`);
  // A suspended tenant is not counted, so the number may be lower, never higher.
  must(context.cohortSize <= tenants.length, `${what} was decided for a larger cohort than approved`);
  const roles = [...new Set(context.approvals.map((a) => a.role))].filter((role) =>
    tenants.every((ref) => context.approvals.some((a) => a.tenant === ref && a.role === role)),
  );
  must(sameSet(context.approvedRoles, roles), `${what} was decided with roles that its approvals do not give`);
  const people = new Set(context.approvals.map((a) => a.approver)).size;
  must(context.distinctApprovers === people, `${what} was decided with another number of approvers`);
  const expiry = context.approvals.length === 0 ? 0 : Math.min(...context.approvals.map((a) => a.expiresAt));
  must(context.approvalsExpireAt === expiry, `${what} was decided with another expiry than its approvals have`);
  const requester = known.requesterIsApprover && !context.requesterIsApprover;
  must(!requester, `${what} was decided as if the requester had not approved`);
}

/** Regions that `tenant.created` leaves in the bundle give these tenants. */
function regionsOf(evidence: Evidence, tenants: readonly string[]): string[] {
  return leavesOf(evidence, 'tenant.created').flatMap(({ leaf }) =>
    tenants.includes(leaf.tenantRef) ? [leaf.region] : [],
  );
}
