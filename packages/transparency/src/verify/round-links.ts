import { digestOf, type Roster } from '@sumveil/wire';
import { planFile } from '../bundle/layout.ts';
import { type Entry, type Evidence, fileOf, leavesOf, rosterWithHash } from './evidence.ts';
import { grantIssued, grantPayload } from './grant-links.ts';
import { checkReleased, isWithheld } from './release-links.ts';
import type { Replay } from './replay.ts';
import { attempt, fail, must } from './result.ts';
import { endedUnsigned, roundPlanOf, sameAttempt } from './round-facts.ts';

/** round.opened → signed round plan → grant; aggregate → signed manifest; version → aggregate and parent. */
export function checkRoundLinks(evidence: Evidence, replay: Replay): void {
  for (const opened of leavesOf(evidence, 'round.opened')) checkOpened(evidence, opened, replay);
  for (const released of leavesOf(evidence, 'aggregate.released')) checkReleased(evidence, released);
  for (const created of leavesOf(evidence, 'model.version_created')) checkCreated(evidence, created);
}

function checkOpened(evidence: Evidence, { idx, leaf }: Entry<'round.opened'>, replay: Replay): void {
  const at = `round ${leaf.round}.${leaf.attempt} of ${leaf.run}`;
  const grant = grantIssued(evidence, leaf.grantDigest);
  must(grant.idx < idx && grant.leaf.run === leaf.run, `${at} opened without a logged grant`);
  const isMember = leaf.cohort.every((m) => grant.leaf.cohort.includes(m));
  must(isMember, `${at}: a tenant is not in the grant`);
  checkStart(evidence, { idx, leaf }, grant.leaf.planDigest);
  if (!endedUnsigned(evidence, leaf)) checkSignedPlan(evidence, leaf, grant, replay);
  const ended = [...leavesOf(evidence, 'round.closed'), ...leavesOf(evidence, 'round.aborted')];
  const ends = ended.some((e) => sameAttempt(e.leaf, leaf) && e.idx > idx);
  must(ends, `${at} neither closed nor aborted`);
}

/** The signed round plan says what its leaf says, and what plan file, grant and roster give. */
function checkSignedPlan(
  evidence: Evidence,
  leaf: Entry<'round.opened'>['leaf'],
  grant: Entry<'grant.issued'>,
  replay: Replay,
): void {
  const at = `round ${leaf.round}.${leaf.attempt} of ${leaf.run}`;
  const { body, plan } = roundPlanOf(evidence, leaf);
  must(digestOf(body) === leaf.planHash, `${at}: the signed plan is another than the logged one`);
  must(
    plan.jobId === leaf.run &&
      plan.round === leaf.round &&
      plan.attempt === leaf.attempt &&
      plan.modelHash === leaf.modelHash,
    `${at}: the signed plan is of another round`,
  );
  must(
    plan.grantDigest === leaf.grantDigest && plan.planDigest === grant.leaf.planDigest,
    `${at}: plan and grant do not join`,
  );
  const roster = rosterWithHash(evidence, plan.rosterHash) ?? fail(`${at} names an unknown roster`);
  const cohort = plan.cohort.map((i) => roster.members.find((m) => m.idx === i)?.tenantRef);
  must(cohort.join() === refsByIndex(roster, leaf.cohort).join(), `${at}: the cohort is another than the logged one`);
  checkRoundPlan(evidence, { at, body, roster, grant }, replay);
  const released = leavesOf(evidence, 'aggregate.released')
    .filter((r) => r.leaf.run === leaf.run && r.leaf.round < leaf.round && !isWithheld(evidence, r.leaf))
    .toSorted((a, b) => a.leaf.round - b.leaf.round);
  const want = released.at(-1)?.leaf.manifestDigest ?? `sha256:${'0'.repeat(64)}`;
  must(plan.prevManifest === want, `${at} does not name the manifest of the round before`);
}

function refsByIndex(roster: Roster, refs: readonly string[]): string[] {
  return roster.members.filter((m) => refs.includes(m.tenantRef)).map((m) => m.tenantRef);
}

/** The coordinator decides nothing: the same inputs must give the same plan, byte for byte. */
function checkRoundPlan(
  evidence: Evidence,
  opened: { at: string; body: Uint8Array; roster: Roster; grant: Entry<'grant.issued'> },
  replay: Replay,
): void {
  const roundPlan = replay.roundPlan ?? fail('not checked: this verifier cannot compute round plans');
  const { leaf: grant } = opened.grant;
  const rosterBody = evidence.epochs[evidence.rosters.indexOf(opened.roster)]!.body;
  const inputs = {
    planFile: fileOf(evidence.files, planFile(grant.planDigest)),
    grantPayload: grantPayload(evidence, grant.grantDigest),
    rosterBody,
  };
  const want = attempt(opened.at, () => roundPlan(inputs, opened.body));
  must(
    Buffer.from(want).equals(opened.body),
    `${opened.at}: the round plan does not follow from plan, grant and roster`,
  );
}

/** A round trains from the last version that its run made before it, else from the plan's base model. */
function checkStart(evidence: Evidence, { idx, leaf }: Entry<'round.opened'>, planDigest: string): void {
  const base = leavesOf(evidence, 'plan.submitted').find((p) => p.leaf.planDigest === planDigest)?.leaf.baseModelDigest;
  const made = leavesOf(evidence, 'model.version_created').filter((v) => v.leaf.run === leaf.run && v.idx < idx);
  const start = made.at(-1)?.leaf.digest ?? base;
  const at = `round ${leaf.round}.${leaf.attempt} of ${leaf.run}`;
  must(leaf.modelHash === start, `${at} does not start from the model that its run had then`);
}

function checkCreated(evidence: Evidence, { idx, leaf }: Entry<'model.version_created'>): void {
  const at = `version ${leaf.version} of ${leaf.model}`;
  const released = leavesOf(evidence, 'aggregate.released').find((r) => sameAttempt(r.leaf, leaf));
  const joins = released !== undefined && released.idx < idx && released.leaf.aggRoot === leaf.aggRoot;
  must(joins && !isWithheld(evidence, released.leaf), `${at} comes from an aggregate that was never released`);
  const opened = leavesOf(evidence, 'round.opened').find((o) => sameAttempt(o.leaf, leaf));
  must(opened?.leaf.modelHash === leaf.parentDigest, `${at} does not descend from the model its round started from`);
}
