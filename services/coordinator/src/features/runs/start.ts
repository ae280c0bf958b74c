import { newRef } from '@sumveil/identity';
import type { Roster } from '@sumveil/secagg';
import { canonicalBytes, writtenDigest } from '@sumveil/wire';
import { databaseNow, type Tx } from '../../db/client.ts';
import type { Deps } from '../../deps.ts';
import { CoordinatorError } from '../../error.ts';
import type { Run } from '../../generated/prisma/client.ts';
import type { Person } from '../../http/identity.ts';
import { enqueue } from '../../outbox/enqueue.ts';
import { type ApprovedPlan, epsilonCapMicro, loadPlan, roundsOf } from '../../plan/approved-plan.ts';
import { requireRoster } from '../../roster/in-force.ts';
import { decide, type RecordedDecision } from '../decisions/decide.ts';
import { approvalEvidence, type Cohort, judgeCohort } from '../decisions/facts.ts';

export interface Start {
  readonly runId: string | null;
  readonly decision: RecordedDecision;
}

/**
 * A person asks, the coordinator's policy decides. Denied: the decision with its reasons is recorded and nothing else
 * changes. Allowed: the grant fixes the cohort and goes to the signer, who judges the approvals again.
 */
export async function startRun(deps: Deps, person: Person, planDigest: string): Promise<Start> {
  return deps.db.transaction((tx) => startRunIn(deps, tx, { planDigest, requesterRef: person.userRef }));
}

/**
 * The same within a transaction that writes more about it: a schedule's occurrence is asked for like any run.
 *
 * @throws CoordinatorError ROSTER_NONE, or CONFLICT while a run of the plan is open
 */
export async function startRunIn(
  deps: Deps,
  tx: Tx,
  { planDigest, requesterRef }: { planDigest: string; requesterRef: string },
): Promise<Start> {
  const open = await lockOpenRun(tx, planDigest);
  const roster = await requireRoster(tx);
  const plan = await loadPlan(tx, planDigest);
  if (open)
    throw new CoordinatorError(
      'CONFLICT',
      `Run ${open.id} of this plan is ${open.state}; end it before starting another.`,
    );
  const cohort = await judgeCohort(tx, plan, roster, plan.manifest.cohort.members);
  const runId = `run-${newRef()}`;
  const decision = await decide(deps, tx, { action: 'startRun', plan, runId, runExists: false, cohort });
  if (decision.effect === 'deny') return { runId: null, decision };
  await createRun(deps, tx, { runId, plan, roster, cohort, decision, requesterRef });
  return { runId, decision };
}

/** Of one plan, one run at a time: whoever starts one holds the plan's row and finds what is open. */
export async function lockOpenRun(tx: Tx, planDigest: string): Promise<Run | null> {
  await tx.$queryRaw`SELECT digest FROM plan WHERE digest = ${planDigest} FOR UPDATE`;
  return tx.run.findFirst({ where: { planDigest, state: { in: ['granting', 'running', 'paused'] } } });
}

interface NewRun {
  readonly runId: string;
  readonly plan: ApprovedPlan;
  readonly roster: Roster;
  readonly cohort: Cohort;
  readonly decision: RecordedDecision;
  readonly requesterRef: string;
}

async function createRun(deps: Deps, tx: Tx, o: NewRun): Promise<void> {
  const { manifest, digest } = o.plan;
  const grantId = `grant-${newRef()}`;
  await tx.run.create({
    data: {
      id: o.runId,
      planDigest: digest,
      modelName: manifest.model.name,
      state: 'granting',
      requesterRef: o.requesterRef,
      rounds: roundsOf(o.plan),
      modelDigest: manifest.model.digest,
      prevManifest: new Uint8Array(32),
      grantId,
    },
  });
  const payload = await grantPayload(tx, o, grantId, deps.policy.digest);
  await deps.sign.requestSignature(tx, 'grant', grantId, payload);
  await enqueue(tx, { topic: 'run.grant', ref: o.runId, dedupe: `grant:${grantId}` });
}

/** Payload of governance section 3; every envelope that speaks about this plan goes along, refusals and withdrawals too. */
async function grantPayload(tx: Tx, o: NewRun, grantId: string, policyBundle: string): Promise<Buffer> {
  const { manifest, digest } = o.plan;
  const { approvals } = await approvalEvidence(tx, digest);
  return canonicalBytes({
    v: 1,
    grantId,
    runId: o.runId,
    rosterHash: writtenDigest(o.roster.rosterHash),
    planDigest: digest,
    codeDigest: manifest.code.digest,
    baseModelDigest: manifest.model.digest,
    cohort: { min: manifest.cohort.min, members: o.cohort.members },
    dataVersions: [],
    epsilonRoundMicro: 0,
    epsilonTotalMicro: epsilonCapMicro(o.plan),
    deltaInv: Number(manifest.privacy.deltaInv ?? 1),
    notBefore: (await databaseNow(tx)).getTime(),
    expiresAt: o.cohort.approvalsExpireAt,
    approvals,
    policyBundle,
    decisionId: o.decision.decisionId,
  });
}
