import { guardNames, type Thresholds, thresholdsOf } from '@sumveil/learning';
import { type BundlePredicate, countQuorum, type Lineage, lineageOf } from '@sumveil/transparency';
import { writtenDigest } from '@sumveil/wire';
import type { Deps } from '../../deps.ts';
import { type Ancestor, ancestryOf } from './ancestry.ts';
import { type DecisionRow, decisionsOf } from './decisions.ts';
import type { Evidence } from './evidence.ts';
import { leavesOf, type RoundRow, roundsOf } from './rounds.ts';

/** One object behind both forms of the report. Refs and digests only: no name of a person or tenant, no value of one tenant. */
export interface LineageReport {
  readonly v: 1;
  readonly model: string;
  readonly version: number;
  readonly modelDigest: string;
  readonly parentDigest: string;
  readonly producedInRound: number;
  readonly asOf: Lineage['asOf'];
  readonly run: {
    id: string;
    state: string;
    reason: string | null;
    startedAt: string;
    endedAt: string | null;
    /** The schedule whose moment asked for it; null when a person did. */
    schedule: { id: string; moment: string } | null;
  };
  readonly plan: {
    name: string;
    /** Kind of the model; metrics have its units. */
    kind: string;
    digest: string;
    /** Place of `plan.submitted` in the log. */
    leaf: number | null;
    codeDigest: string;
    baseModelDigest: string;
    requesterRef: string;
    eligible: number;
    minCohort: number;
    needApprovers: number;
    regions: string[];
    aggregation: { clip: number; bits: number; scaleLog2: number; rounding: string };
    /** Thresholds in force; a guard that the plan switched off is absent. */
    guards: Thresholds;
    stages: { name: string; rounds: number; parameters: number; sums: string[] }[];
  };
  readonly privacy: { mechanism: string; epsilonTotalMicro: number; deltaInv: number; spentMicro: number };
  readonly log: { origin: string; have: number; needs: number; members: number; leaves: number };
  readonly roster: { epoch: number; hash: string; members: number; effectiveAt: string | null }[];
  readonly grants: { grantId: string; cohort: number; expiresAt: string; at: string; leaf: number }[];
  readonly localPolicies: { tenantRef: string; digest: string; at: string }[];
  readonly rounds: readonly RoundRow[];
  readonly decisions: readonly DecisionRow[];
  readonly ancestry: readonly Ancestor[];
  /** Of this very version, where the leaves hold one. */
  readonly promotion: { at: string; leaf: number } | null;
  readonly answers: Lineage['answers'];
  readonly warnings: readonly string[];
}

/** What a bundle about this evidence says it is about. */
export function predicateOf({ version, run, checkpoint }: Evidence): BundlePredicate {
  const asOf = { size: Number(checkpoint.size), root: writtenDigest(checkpoint.root) };
  return { v: 1, model: version.model, version: version.version, modelDigest: version.digest, runs: [run.id], asOf };
}

export async function buildReport(deps: Deps, evidence: Evidence): Promise<LineageReport> {
  const { version, plan, run, checkpoint, leaves } = evidence;
  const { asOf } = predicateOf(evidence);
  const { answers } = lineageOf(leaves, predicateOf(evidence));
  const evaluations = await deps.db.prisma.evaluation.findMany({ where: { runId: run.id } });
  const rounds = roundsOf(leaves, evaluations);
  const { have, needs } = countQuorum(checkpoint.note, checkpoint.roster);
  const members = checkpoint.roster.members.length;
  const report: Omit<LineageReport, 'warnings'> = {
    v: 1,
    model: version.model,
    version: version.version,
    modelDigest: version.digest,
    parentDigest: version.parentDigest,
    producedInRound: version.round,
    asOf,
    run: {
      id: run.id,
      state: run.state,
      reason: run.reason,
      startedAt: run.createdAt.toISOString(),
      endedAt: run.endedAt?.toISOString() ?? null,
      schedule: scheduleOf(evidence),
    },
    plan: planOf(evidence),
    privacy: privacyOf(evidence),
    log: { origin: deps.log.origin, have, needs, members, leaves: leaves.length },
    roster: rostersOf(evidence),
    grants: leavesOf(leaves, 'grant.issued').map(({ idx, leaf }) => ({
      grantId: leaf.grantId,
      cohort: leaf.cohort.length,
      expiresAt: leaf.expiresAt,
      at: leaf.time,
      leaf: idx,
    })),
    localPolicies: leavesOf(leaves, 'localpolicy.declared').map(({ leaf }) => ({
      tenantRef: leaf.tenantRef,
      digest: leaf.digestNew,
      at: leaf.time,
    })),
    rounds,
    decisions: decisionsOf(leaves),
    promotion: promotionOf(evidence),
    ancestry: await ancestryOf(deps.db.prisma, version),
    answers,
  };
  return { ...report, warnings: warningsOf(report, plan.manifest.privacy.mechanism) };
}

function scheduleOf({ leaves }: Evidence): LineageReport['run']['schedule'] {
  const asked = leavesOf(leaves, 'schedule.occurred')[0]?.leaf;
  return asked ? { id: asked.scheduleId, moment: asked.moment } : null;
}

function planOf({ plan, leaves }: Evidence): LineageReport['plan'] {
  const { manifest } = plan;
  const { clip, bits = 32, scaleLog2 = 16, rounding = 'nearest' } = manifest.aggregation;
  return {
    name: manifest.name,
    kind: plan.task.kind,
    digest: plan.digest,
    leaf: leavesOf(leaves, 'plan.submitted')[0]?.idx ?? null,
    codeDigest: manifest.code.digest,
    baseModelDigest: manifest.model.digest,
    requesterRef: plan.requesterRef,
    eligible: manifest.cohort.members.length,
    minCohort: manifest.cohort.min,
    needApprovers: manifest.approvals.approvers,
    regions: manifest.regions,
    aggregation: { clip, bits, scaleLog2, rounding },
    guards: thresholdsOf(manifest.guards),
    stages: manifest.stages.map((stage) => ({
      name: stage.name,
      rounds: stage.rounds,
      parameters: stage.tensors.reduce((sum, tensor) => sum + tensor.shape.reduce((a, b) => a * b, 1), 0),
      sums: stage.aux.map((item) => item.name),
    })),
  };
}

function privacyOf({ plan, leaves }: Evidence): LineageReport['privacy'] {
  const submitted = leavesOf(leaves, 'plan.submitted')[0]?.leaf;
  const charges = leavesOf(leaves, 'privacy.charged').filter(({ leaf }) => leaf.scope === 'model');
  return {
    mechanism: plan.manifest.privacy.mechanism,
    epsilonTotalMicro: submitted?.epsilonTotalMicro ?? 0,
    deltaInv: submitted?.deltaInv ?? 1,
    spentMicro: charges.at(-1)?.leaf.totalMicro ?? 0,
  };
}

function promotionOf({ version, leaves }: Evidence): LineageReport['promotion'] {
  const found = leavesOf(leaves, 'model.promoted').findLast(
    ({ leaf }) => leaf.model === version.model && leaf.to === version.version,
  );
  return found ? { at: found.leaf.time, leaf: found.idx } : null;
}

function rostersOf({ leaves }: Evidence): LineageReport['roster'] {
  const effective = leavesOf(leaves, 'roster.effective');
  return leavesOf(leaves, 'roster.published').map(({ leaf }) => ({
    epoch: leaf.rosterEpoch,
    hash: leaf.rosterHash,
    members: leaf.members.length,
    effectiveAt: effective.find((one) => one.leaf.rosterEpoch === leaf.rosterEpoch)?.leaf.time ?? null,
  }));
}

/** What a reader must not miss, most serious first. */
function warningsOf(report: Omit<LineageReport, 'warnings'>, mechanism: string): string[] {
  const { rounds, answers, log } = report;
  const small = rounds.filter((row) => row.belowDefault).map((row) => row.round);
  const few = rounds.filter((row) => row.survivors !== null && row.survivors < 5).map((row) => row.round);
  const aborted = rounds.filter((row) => row.outcome === 'aborted').length;
  const withheld = rounds.filter((row) => row.metricsWithheld).map((row) => row.round);
  const off = guardNames.filter((name) => !report.plan.guards[name]);
  const pauses = answers.interventions.filter((row) => row.what === 'run.paused').length;
  const list = (numbers: number[]) => [...new Set(numbers)].join(', ');
  return [
    ...(log.have < log.needs ? [`Witnesses ${log.have} of ${log.members} (needs ${log.needs}): below quorum.`] : []),
    ...(small.length > 0
      ? [
          `Small cohort in round ${list(small)}: fewer tenants, or fewer honest ones, than connectors accept by default (5 in the cohort, 3 honest). Each tenant had to allow it in its own policy.`,
        ]
      : []),
    ...(few.length > 0
      ? [`Fewer than five tenants stand behind the sum of round ${list(few)}: a sum over few hides each of them less.`]
      : []),
    ...(mechanism === 'none'
      ? [
          'No differential privacy: what the published model itself reveals about its training data is not bounded by a number.',
        ]
      : []),
    ...(answers.refusals.length > 0
      ? [`${answers.refusals.length} refusal(s) by a connector or the signer; see Refusals.`]
      : []),
    ...(off.length > 0 ? [`The plan switched off the guard of ${off.join(', ')}: the run did not pause for it.`] : []),
    ...(pauses > 0 ? [`The run was paused ${pauses} time(s); see Refusals and interventions.`] : []),
    ...(aborted > 0 ? [`${aborted} attempt(s) of a round ended without a release; see Rounds.`] : []),
    ...(withheld.length > 0
      ? [
          `Metrics of round ${list(withheld)} are withheld: its survivors differ from those of the other rounds, and two sums side by side could be subtracted.`,
        ]
      : []),
  ];
}
