import { type LoggedLeaf, parseLeaf } from '@sumveil/transparency';
import type { Tx } from '../../db/client.ts';
import type { Deps } from '../../deps.ts';
import { CoordinatorError } from '../../error.ts';
import type { Run } from '../../generated/prisma/client.ts';
import type { CoveredCheckpoint } from '../../log/quorum.ts';
import type { Subject } from './access.ts';

/** Leaves about a model version's run as of a checkpoint with quorum, ascending by index. */
export interface Evidence extends Subject {
  readonly run: Run;
  readonly checkpoint: CoveredCheckpoint;
  readonly leaves: readonly LoggedLeaf[];
}

/**
 * Everything in the log that bears on a model version: its run, its plan and who approved it, the rosters, the parties'
 * certificates and policies, and what the signer or a witness refused.
 *
 * @throws CoordinatorError `UNAVAILABLE` while no checkpoint with quorum covers the version
 */
export async function collectEvidence(deps: Deps, subject: Subject): Promise<Evidence> {
  const tx = deps.db.prisma;
  const run = await tx.run.findUniqueOrThrow({ where: { id: subject.version.runId } });
  const checkpoint = await deps.log.quorum.newest(tx);
  const leaves = checkpoint ? await leavesAbout(tx, deps.log.origin, subject, run, checkpoint.size) : [];
  const { model, version } = subject.version;
  const here = leaves.some(
    ({ leaf }) => leaf.type === 'model.version_created' && leaf.model === model && leaf.version === version,
  );
  if (!checkpoint || !here) {
    const text = 'The newest checkpoint with enough witnesses does not cover this version yet; ask again in a moment.';
    throw new CoordinatorError('UNAVAILABLE', text, { retryAfterSeconds: 2 });
  }
  return { ...subject, run, checkpoint, leaves };
}

const always = [
  'witness.fork_detected',
  'witness.below_quorum',
  'log.succeeded',
  'policy.bundle_activated',
  'connector.revoked',
];
const aboutTenants = [
  'tenant.created',
  'approvers.declared',
  'localpolicy.declared',
  'connector.enrolled',
  'tenant.suspended',
  'tenant.reactivated',
];

async function leavesAbout(tx: Tx, log: string, subject: Subject, run: Run, size: bigint): Promise<LoggedLeaf[]> {
  const { digest: plan } = subject.plan;
  const tenants = subject.plan.manifest.cohort.members;
  const decisions = await decisionsOf(tx, run.id, plan);
  const subjects = await signedSubjects(tx, run);
  const rows = await tx.$queryRaw<{ idx: bigint; leaf: Uint8Array }[]>`
    SELECT idx, leaf FROM (
      SELECT idx, leaf, convert_from(leaf, 'UTF8')::jsonb AS l FROM audit_leaf WHERE log = ${log} AND idx < ${size}
    ) AS known
    WHERE l->>'run' = ${run.id}
       OR (l->>'type' IN ('plan.submitted', 'plan.withdrawn') AND l->>'planDigest' = ${plan})
       OR (l->>'type' LIKE 'approval.%' AND l->'subject'->>'digest' = ${plan})
       OR (l->>'type' = 'policy.decided' AND l->>'decisionId' = ANY(${decisions}::text[]))
       OR (l->>'type' = 'sign.refused' AND l->>'subject' = ANY(${subjects}::text[]))
       OR (l->>'type' = ANY(${aboutTenants}::text[]) AND l->>'tenantRef' = ANY(${tenants}::text[]))
       OR (l->>'type' = 'connector.renewed' AND split_part(l->>'connector', '/', 5) = ANY(${tenants}::text[]))
       OR l->>'type' IN ('roster.published', 'roster.effective')
       OR l->>'type' = ANY(${always}::text[])
    ORDER BY idx`;
  return rows.map((row) => ({ idx: Number(row.idx), leaf: parseLeaf(row.leaf) }));
}

/** Decisions of the run, and those that denied the plan a start before it. */
async function decisionsOf(tx: Tx, runId: string, planDigest: string): Promise<string[]> {
  const rows = await tx.policyDecision.findMany({
    where: { OR: [{ runId }, { runId: null, planDigest, action: 'startRun' }] },
    select: { id: true },
  });
  return rows.map((row) => row.id);
}

/** What the signer may have refused for this run. */
async function signedSubjects(tx: Tx, run: Run): Promise<string[]> {
  const attempts = await tx.attempt.findMany({
    where: { runId: run.id },
    select: { id: true, round: true, attempt: true },
  });
  const grants = await tx.grant.findMany({ where: { runId: run.id }, select: { id: true } });
  return [
    ...grants.map((grant) => grant.id),
    ...(run.grantId ? [run.grantId] : []),
    ...attempts.flatMap(({ id, round, attempt }) => [
      `${run.id}/${round}/${attempt}`,
      id,
      `${id}/u1`,
      `${id}/u2`,
      `${id}/u3`,
    ]),
  ];
}
