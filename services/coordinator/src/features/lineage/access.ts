import { randomUUID } from 'node:crypto';
import { auditRequest, decisionInput } from '@sumveil/policy';
import { digestOf } from '@sumveil/wire';
import { personActor } from '../../actor.ts';
import { databaseNow } from '../../db/client.ts';
import type { Deps } from '../../deps.ts';
import { CoordinatorError } from '../../error.ts';
import type { ModelVersion } from '../../generated/prisma/client.ts';
import type { Person } from '../../http/identity.ts';
import { type ApprovedPlan, epsilonCapMicro, loadPlan } from '../../plan/approved-plan.ts';

export interface Subject {
  readonly version: ModelVersion;
  readonly plan: ApprovedPlan;
}

/**
 * The model version a person asks about. People of a tenant see versions that their tenant was asked to take part in;
 * every other one looks absent.
 *
 * @throws CoordinatorError `NOT_FOUND`
 */
export async function findSubject(
  deps: Deps,
  person: Person,
  named: { model: string; version: number },
): Promise<Subject> {
  const tx = deps.db.prisma;
  const version = await tx.modelVersion.findUnique({ where: { model_version: named } });
  const run = version && (await tx.run.findUnique({ where: { id: version.runId } }));
  const plan = run && (await loadPlan(tx, run.planDigest));
  const own = person.tenantRef === 'platform' || plan?.manifest.cohort.members.includes(person.tenantRef);
  if (!version || !plan || !own) throw new CoordinatorError('NOT_FOUND', 'There is no such model version.');
  return { version, plan };
}

/**
 * Policy decides whether a person may read; the decision is a row and a leaf. What they gave as reason goes in as its
 * digest, because decisions and leaves outlive the words.
 *
 * @throws CoordinatorError `POLICY_DENIED`
 */
export async function requireAccess(
  deps: Deps,
  person: Person,
  action: 'readLineage' | 'exportReport',
  subject: Subject,
  reason: string,
): Promise<void> {
  const decision = await deps.db.transaction(async (tx) => {
    const now = await databaseNow(tx);
    const request = auditRequest(action, {
      now: now.getTime(),
      user: { ref: person.userRef, roles: person.roles },
      ...factsOf(subject),
      reason: digestOf(Buffer.from(reason)),
    });
    const input = decisionInput(request);
    const answer = deps.policy.decide(request);
    const decisionId = randomUUID();
    const row = { action, ...answer, bundle: deps.policy.digest, inputDigest: input.digest };
    await tx.policyDecision.create({
      data: {
        id: decisionId,
        ...row,
        reasons: [...row.reasons],
        engine: deps.policy.engine,
        input: Uint8Array.from(input.bytes),
        at: now,
      },
    });
    await deps.log.appendLeaf(tx, {
      type: 'policy.decided',
      actor: personActor(person),
      decisionId,
      ...row,
      reasons: [...row.reasons],
    });
    return answer;
  });
  if (decision.effect === 'allow') return;
  const text = 'Policy does not allow this reading; an auditor can do it, giving a reason.';
  throw new CoordinatorError('POLICY_DENIED', text, { reasons: decision.reasons });
}

function factsOf({ version, plan }: Subject) {
  const { manifest } = plan;
  return {
    run: {
      id: version.runId,
      planDigest: plan.digest,
      minCohort: manifest.cohort.min,
      epsBudgetMicro: epsilonCapMicro(plan),
      needRoles: manifest.approvals.roles,
      needApprovers: manifest.approvals.approvers,
    },
    model: { id: manifest.model.name, riskTier: 'standard', allowedRegions: manifest.regions },
  };
}

/** Reading is itself a leaf, written before anything is handed out. */
export async function recordReading(
  deps: Deps,
  person: Person,
  read: {
    type: 'audit.read' | 'report.exported';
    subject: Subject;
    reason: string;
    asOfSize: number;
    resultDigest: string;
    bundleDigest?: string;
  },
): Promise<void> {
  const { version } = read.subject;
  await deps.db.transaction((tx) =>
    deps.log.appendLeaf(tx, {
      type: read.type,
      actor: personActor(person),
      auditorRef: person.userRef,
      subject: `model/${version.model}/${version.version}`,
      asOfSize: read.asOfSize,
      reasonDigest: digestOf(Buffer.from(read.reason)),
      resultDigest: read.resultDigest,
      ...(read.bundleDigest ? { bundleDigest: read.bundleDigest } : { question: 'report' }),
    }),
  );
}
