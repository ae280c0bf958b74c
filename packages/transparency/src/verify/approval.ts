import { digestOf, dsseBytes, dssePayload, parseCanonical } from '@sumveil/wire';
import { z } from 'zod';
import { planFile } from '../bundle/layout.ts';
import { checkApproverLists, cohortKnownAt } from './cohort.ts';
import { type Entry, type Evidence, fileOf, leavesOf, rosterWithHash } from './evidence.ts';
import { grantFacts, planFactsOf } from './grant-links.ts';
import type { CohortFacts, Replay } from './replay.ts';
import { attempt, fail, must } from './result.ts';

const DECISIONS = {
  'approval.granted': 'granted',
  'approval.refused': 'refused',
  'approval.withdrawn': 'withdrawn',
} as const;
type Said = Entry<keyof typeof DECISIONS>;

/** Class 18: judged again by the one rule, with what was in the log at each moment of use. */
export function checkApprovals(evidence: Evidence, replay: Replay): string {
  const said = (Object.keys(DECISIONS) as (keyof typeof DECISIONS)[]).flatMap((t) => leavesOf(evidence, t) as Said[]);
  for (const entry of said) checkEnvelope(evidence, entry);
  const logged = new Set(said.map(({ leaf }) => leaf.envelopeDigest));
  for (const digest of evidence.approvals.keys()) must(logged.has(digest), `approval ${digest} is in no leaf`);
  checkApproverLists(evidence);
  const issued = leavesOf(evidence, 'grant.issued');
  for (const grant of issued) checkGrantedBy(evidence, grant, replay);
  return `${said.length} approvals; ${issued.length} grant(s) hold at every use`;
}

const payload = z.looseObject({
  approvalId: z.string(),
  decision: z.string(),
  role: z.string(),
  approverRef: z.string(),
  tenantRef: z.string(),
  ticket: z.looseObject({ system: z.string(), id: z.string() }),
  subject: z.looseObject({ kind: z.string(), digest: z.string() }),
  expiresAt: z.string(),
});

function checkEnvelope(evidence: Evidence, { leaf }: Said): void {
  const envelope =
    evidence.approvals.get(leaf.envelopeDigest) ?? fail(`approval ${leaf.approvalId} is not in approvals/`);
  const facts = attempt(`approval ${leaf.approvalId}`, () => payload.parse(parseCanonical(dssePayload(envelope))));
  const same =
    facts.decision === DECISIONS[leaf.type] &&
    facts.ticket.system === leaf.ticket.system &&
    facts.ticket.id === leaf.ticket.id &&
    facts.subject.kind === leaf.subject.kind &&
    facts.subject.digest === leaf.subject.digest &&
    (['approvalId', 'role', 'approverRef', 'tenantRef', 'expiresAt'] as const).every((f) => facts[f] === leaf[f]);
  must(same, `the leaf of approval ${leaf.approvalId} says something else than its envelope`);
}

/** A grant is used when it is issued, when a round opens under it and when its sum is released. */
function checkGrantedBy(evidence: Evidence, issued: Entry<'grant.issued'>, replay: Replay): void {
  const { leaf } = issued;
  const grant = grantFacts(evidence, leaf.grantDigest, replay);
  for (const envelope of grant.approvals)
    must(
      evidence.approvals.has(digestOf(dsseBytes(envelope))),
      `grant ${leaf.grantId} carries an approval that is in no leaf`,
    );
  const judge = judgeOf(evidence, issued, replay);
  const uses = [{ what: `grant ${leaf.grantId}`, idx: issued.idx, time: leaf.time }];
  for (const opened of leavesOf(evidence, 'round.opened').filter((o) => o.leaf.grantDigest === leaf.grantDigest)) {
    const what = `round ${opened.leaf.round} of ${opened.leaf.run}`;
    uses.push({ what, idx: opened.idx, time: opened.leaf.time });
    // What was withdrawn after the round opened no longer takes the tenant out of its sum; expiry still counts.
    for (const { leaf: r } of leavesOf(evidence, 'aggregate.released'))
      if (r.run === opened.leaf.run && r.round === opened.leaf.round && r.attempt === opened.leaf.attempt)
        uses.push({ what: `release of ${what}`, idx: opened.idx, time: r.time });
  }
  for (const { what, idx, time } of uses) {
    const at = Date.parse(time);
    must(grant.notBefore <= at && at < grant.expiresAt, `${what}: the grant is not in force at ${time}`);
    judge(what, idx, time, grant.cohort.members);
  }
}

function judgeOf(evidence: Evidence, issued: Entry<'grant.issued'>, replay: Replay) {
  const { leaf } = issued;
  const grant = grantFacts(evidence, leaf.grantDigest, replay);
  const roster = rosterWithHash(evidence, grant.rosterHash) ?? fail(`grant ${leaf.grantId} names an unknown roster`);
  const plan = leavesOf(evidence, 'plan.submitted').find((p) => p.leaf.planDigest === leaf.planDigest)?.leaf;
  if (!plan) fail(`grant ${leaf.grantId}: its plan was never submitted`);
  const { needApprovers } = planFactsOf(fileOf(evidence.files, planFile(leaf.planDigest)), replay);
  return (what: string, idx: number, at: string, members: readonly string[]): void => {
    const { planDigest, requesterRef, eligible } = plan;
    const facts = cohortKnownAt(evidence, replay, idx, { roster, eligible, planDigest, requesterRef, at });
    for (const member of members)
      must(facts.members.includes(member), `${what}: tenant ${member} is not in (${reasonsFor(facts, member)})`);
    must(!facts.requesterIsApprover, `${what}: the requester approved`);
    const counted = facts.counted.filter((a) => members.includes(a.tenantRef));
    const people = new Set(counted.map((a) => a.approverRef)).size;
    must(people >= Math.max(2, needApprovers), `${what}: ${people} approvers, needs ${Math.max(2, needApprovers)}`);
    must(new Set(counted.map((a) => a.tenantRef)).size >= 2, `${what}: approvers of one tenant only`);
  };
}

function reasonsFor(facts: CohortFacts, member: string): string {
  return facts.tenants.find((t) => t.tenantRef === member)?.reasons.join(', ') || 'not eligible';
}
