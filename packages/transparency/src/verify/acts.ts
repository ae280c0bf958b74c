import { planFile } from '../bundle/layout.ts';
import { checkGateFacts, type GateUse } from './decision-facts.ts';
import { resourceIn } from './decision-input.ts';
import { type Entry, type Evidence, fileOf, leavesOf, rosterWithHash } from './evidence.ts';
import { grantFacts, grantIssued, planFactsOf } from './grant-links.ts';
import type { Replay } from './replay.ts';
import { fail, must } from './result.ts';
import { sameAttempt } from './round-facts.ts';

/** Something that needs a decision of its own: where it is logged, which action allows it, and about what. */
export interface Act {
  readonly what: string;
  readonly idx: number;
  readonly action: string;
  readonly decisionId: string | undefined;
  /** Id of the run, or of the model for a promotion. */
  readonly resource: string;
  /** Place of the leaf that the decision must follow: a decision lies between the act before and its own. */
  readonly after: number;
  readonly gate?: GateUse;
}

export function actsOf(evidence: Evidence, replay: Replay): Act[] {
  return [
    ...leavesOf(evidence, 'grant.issued').map((entry) => grantAct(evidence, entry, replay)),
    ...leavesOf(evidence, 'round.opened').map((entry) => roundAct(evidence, entry, replay)),
    ...leavesOf(evidence, 'aggregate.released').map((entry) => releaseAct(evidence, entry, replay)),
    ...leavesOf(evidence, 'model.promoted').map((entry) => modelAct(entry, 'promoteVersion')),
    ...leavesOf(evidence, 'model.rolled_back').map((entry) => modelAct(entry, 'rollbackVersion')),
  ];
}

export interface Decided {
  readonly acts: readonly Act[];
  readonly decisions: readonly Entry<'policy.decided'>[];
  readonly inputs: ReadonlyMap<string, Uint8Array>;
}

/** Each act has its own decision, made for it and before it, on facts that the rest of the bundle shows. */
export function checkActs(evidence: Evidence, replay: Replay, { acts, decisions, inputs }: Decided): void {
  const used = new Map<string, string>();
  for (const act of acts) {
    const decision = decisions.find(({ leaf }) => leaf.decisionId === act.decisionId);
    must(decision !== undefined && decision.idx < act.idx, `${act.what} has no decision before it`);
    const { leaf } = decision;
    must(leaf.effect === 'allow' && leaf.action === act.action, `${act.what} was not allowed`);
    const twice = used.get(leaf.decisionId);
    must(twice === undefined, `${act.what} and ${twice} rest on one decision`);
    used.set(leaf.decisionId, act.what);
    must(decision.idx > act.after, `${act.what} rests on a decision made for something earlier`);
    const input = inputs.get(leaf.decisionId) ?? fail(`${act.what}: the input of its decision is missing`);
    const sameRun = act.gate === undefined || leaf.run === undefined || leaf.run === act.resource;
    const same = sameRun && resourceIn(input, act.what) === act.resource;
    must(same, `${act.what} rests on a decision about something else`);
    if (act.gate) checkGateFacts(evidence, replay, { what: act.what, decision, input, use: act.gate });
  }
  for (const { idx, leaf } of leavesOf(evidence, 'run.started'))
    checkStarted(evidence, replay, { idx, leaf }, decisions);
}

/** A run starts by the decision that its grant names; that one was joined as the grant's. */
function checkStarted(
  evidence: Evidence,
  replay: Replay,
  { idx, leaf }: Entry<'run.started'>,
  decisions: readonly Entry<'policy.decided'>[],
): void {
  const at = `run.started (leaf ${idx})`;
  const { decisionId } = grantFacts(evidence, leaf.grantDigest, replay);
  must(leaf.decisionId === decisionId, `${at} names another decision than its grant`);
  const before = decisions.some((d) => d.leaf.decisionId === decisionId && d.idx < idx);
  must(before, `${at} has no decision before it`);
}

function grantAct(evidence: Evidence, { idx, leaf }: Entry<'grant.issued'>, replay: Replay): Act {
  const { decisionId } = grantFacts(evidence, leaf.grantDigest, replay);
  const plan = submittedPlan(evidence, leaf.planDigest);
  const after = leaf.prevGrant === undefined ? plan.idx : grantIssued(evidence, leaf.prevGrant).idx;
  const gate = gateOf(evidence, leaf.grantDigest, replay, { eligible: plan.leaf.eligible, cohort: leaf.cohort });
  const what = `grant.issued (leaf ${idx})`;
  return { what, idx, action: 'startRun', decisionId, resource: leaf.run, after, gate: { ...gate, whole: true } };
}

function roundAct(evidence: Evidence, { idx, leaf }: Entry<'round.opened'>, replay: Replay): Act {
  const rounds = leavesOf(evidence, 'round.opened').filter((o) => o.leaf.run === leaf.run && o.idx < idx);
  const grant = grantIssued(evidence, leaf.grantDigest);
  const eligible = grant.leaf.cohort;
  const gate = gateOf(evidence, leaf.grantDigest, replay, { eligible, cohort: leaf.cohort });
  const { decisionId } = leaf;
  const after = rounds.at(-1)?.idx ?? grant.idx;
  const what = `round.opened (leaf ${idx})`;
  const charged = chargeOf(evidence, leaf);
  const use = { ...gate, whole: true, charged };
  return { what, idx, action: 'startRound', decisionId, resource: leaf.run, after, gate: use };
}

function releaseAct(evidence: Evidence, { idx, leaf }: Entry<'aggregate.released'>, replay: Replay): Act {
  const what = `aggregate.released (leaf ${idx})`;
  const opened = leavesOf(evidence, 'round.opened').find((o) => sameAttempt(o.leaf, leaf));
  const { cohort, grantDigest } = (opened ?? fail(`${what}: its round never opened`)).leaf;
  const gate = gateOf(evidence, grantDigest, replay, { eligible: cohort, cohort });
  const after = opened!.idx;
  const use = { ...gate, whole: false, charged: chargeOf(evidence, leaf) };
  return { what, idx, action: 'releaseAggregate', decisionId: leaf.decisionId, resource: leaf.run, after, gate: use };
}

function modelAct({ idx, leaf }: Entry<'model.promoted' | 'model.rolled_back'>, action: string): Act {
  const { decisionId, model: resource } = leaf;
  return { what: `${leaf.type} (leaf ${idx})`, idx, action, decisionId, resource, after: -1 };
}

function gateOf(
  evidence: Evidence,
  grantDigest: string,
  replay: Replay,
  who: { eligible: readonly string[]; cohort: readonly string[] },
): Omit<GateUse, 'whole'> {
  const { leaf } = grantIssued(evidence, grantDigest);
  const { rosterHash } = grantFacts(evidence, grantDigest, replay);
  const roster = rosterWithHash(evidence, rosterHash) ?? fail(`grant ${leaf.grantId} names an unknown roster`);
  const plan = planFactsOf(fileOf(evidence.files, planFile(leaf.planDigest)), replay);
  const { requesterRef } = submittedPlan(evidence, leaf.planDigest).leaf;
  return { ...who, run: leaf.run, roster, planDigest: leaf.planDigest, plan, requesterRef, charged: 0 };
}

function submittedPlan(evidence: Evidence, planDigest: string): Entry<'plan.submitted'> {
  const plan = leavesOf(evidence, 'plan.submitted').find((p) => p.leaf.planDigest === planDigest);
  return plan ?? fail(`plan ${planDigest} was never submitted`);
}

/** ε of the model's charge for this attempt's release, in micro-units; 0 when it was never released. */
function chargeOf(evidence: Evidence, place: { run: string; round: number; attempt: number }): number {
  const released = leavesOf(evidence, 'aggregate.released').find((r) => sameAttempt(r.leaf, place))?.leaf;
  const charges = leavesOf(evidence, 'privacy.charged').filter(({ leaf }) => leaf.scope === 'model');
  return charges.find(({ leaf }) => leaf.chargeId === released?.chargeId)?.leaf.epsilonMicro ?? 0;
}
