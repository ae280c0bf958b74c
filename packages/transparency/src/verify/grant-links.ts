import { type DsseEnvelope, digestOf, dssePayload } from '@sumveil/wire';
import { planFile } from '../bundle/layout.ts';
import { type Entry, type Evidence, fileOf, leavesOf, rosterWithHash } from './evidence.ts';
import type { GrantFacts, PlanFacts, Replay } from './replay.ts';
import { attempt, fail, must } from './result.ts';

/** plan.submitted → plan file; grant.issued → grant → plan.submitted; run.started → grant. */
export function checkGrantLinks(evidence: Evidence, replay: Replay): void {
  for (const plan of leavesOf(evidence, 'plan.submitted')) checkPlan(evidence, plan, replay);
  for (const grant of leavesOf(evidence, 'grant.issued')) checkGrant(evidence, grant, replay);
  for (const { leaf } of leavesOf(evidence, 'run.started')) {
    const grant = grantIssued(evidence, leaf.grantDigest);
    must(
      grant.leaf.run === leaf.run && grant.leaf.planDigest === leaf.planDigest,
      `run ${leaf.run} starts under a foreign grant`,
    );
  }
  for (const run of evidence.statement.predicate.runs)
    must(
      leavesOf(evidence, 'run.started').some(({ leaf }) => leaf.run === run),
      `run ${run} never started`,
    );
}

function checkPlan(evidence: Evidence, { leaf }: Entry<'plan.submitted'>, replay: Replay): void {
  const name = planFile(leaf.planDigest);
  const bytes = fileOf(evidence.files, name);
  must(digestOf(bytes) === leaf.planDigest, `${name} is another plan than was submitted`);
  const facts = planFactsOf(bytes, replay);
  must(
    facts.modelDigest === leaf.baseModelDigest &&
      facts.codeDigest === leaf.codeDigest &&
      facts.minCohort === leaf.minCohort &&
      facts.epsilonTotalMicro === leaf.epsilonTotalMicro &&
      sameSet(facts.eligible, leaf.eligible),
    `plan.submitted says something else than ${name}`,
  );
}

export function planFactsOf(bytes: Uint8Array, replay: Replay): PlanFacts {
  const readPlan = replay.planFacts ?? fail('not checked: this verifier cannot read plan files');
  return attempt('plan file', () => readPlan(bytes));
}

function checkGrant(evidence: Evidence, { idx, leaf }: Entry<'grant.issued'>, replay: Replay): void {
  const grant = grantFacts(evidence, leaf.grantDigest, replay);
  const plan = leavesOf(evidence, 'plan.submitted').find(({ leaf: p }) => p.planDigest === leaf.planDigest);
  must(plan !== undefined && plan.idx < idx, `grant ${leaf.grantId}: its plan was not submitted before it`);
  must(
    grant.runId === leaf.run &&
      grant.planDigest === leaf.planDigest &&
      grant.prevGrant === leaf.prevGrant &&
      grant.codeDigest === plan.leaf.codeDigest &&
      grant.baseModelDigest === plan.leaf.baseModelDigest &&
      grant.epsilonTotalMicro === plan.leaf.epsilonTotalMicro &&
      Date.parse(leaf.expiresAt) === grant.expiresAt &&
      sameSet(grant.cohort.members, leaf.cohort),
    `grant.issued of ${leaf.grantId} says something else than the grant or its plan`,
  );
  must(
    grant.cohort.members.every((m) => plan.leaf.eligible.includes(m)),
    `grant ${leaf.grantId} names a tenant that is not eligible`,
  );
  const roster = rosterWithHash(evidence, grant.rosterHash) ?? fail(`grant ${leaf.grantId} names an unknown roster`);
  must(
    grant.cohort.members.every((m) => roster.members.some((r) => r.tenantRef === m)),
    `grant ${leaf.grantId} names a tenant that is not in its roster`,
  );
  if (leaf.prevGrant !== undefined) {
    const before = grantIssued(evidence, leaf.prevGrant);
    must(before.idx < idx && before.leaf.run === leaf.run, `grant ${leaf.grantId} replaces a grant of another run`);
    must(
      leaf.cohort.every((m) => before.leaf.cohort.includes(m)),
      `grant ${leaf.grantId} adds a tenant to its run`,
    );
  }
}

export function grantIssued(evidence: Evidence, grantDigest: string): Entry<'grant.issued'> {
  const issued = leavesOf(evidence, 'grant.issued').find(({ leaf }) => leaf.grantDigest === grantDigest);
  return issued ?? fail(`no grant.issued of ${grantDigest}`);
}

/** Grants carry all their approvals, and every update asks for one: each is read once. */
const read = new WeakMap<DsseEnvelope, GrantFacts>();

export function grantFacts(evidence: Evidence, grantDigest: string, replay: Replay): GrantFacts {
  const parse = replay.parseGrant ?? fail('not checked: this verifier cannot read grants');
  const envelope = grantEnvelope(evidence, grantDigest);
  const facts = read.get(envelope) ?? attempt(`grant ${grantDigest}`, () => parse(envelope));
  read.set(envelope, facts);
  return facts;
}

function grantEnvelope(evidence: Evidence, grantDigest: string): DsseEnvelope {
  return evidence.grants.get(grantDigest) ?? fail(`grant ${grantDigest} is not in grants/`);
}

/** Exact payload bytes of a grant. */
export function grantPayload(evidence: Evidence, grantDigest: string): Uint8Array {
  return dssePayload(grantEnvelope(evidence, grantDigest));
}

export function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && new Set([...a, ...b]).size === new Set(a).size && new Set(a).size === a.length;
}
