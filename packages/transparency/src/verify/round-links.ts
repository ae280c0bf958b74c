import { digestOf, type Roster } from '@sumveil/wire';
import { z } from 'zod';
import { planFile, roundFile } from '../bundle/layout.ts';
import { type Entry, type Evidence, fileOf, leavesOf, rosterWithHash, signedFile } from './evidence.ts';
import { grantIssued, grantPayload } from './grant-links.ts';
import type { Replay } from './replay.ts';
import { attempt, fail, must } from './result.ts';

/** round.opened → signed round plan → grant; aggregate → signed manifest; version → aggregate and parent. */
export function checkRoundLinks(evidence: Evidence, replay: Replay): void {
  for (const opened of leavesOf(evidence, 'round.opened')) checkOpened(evidence, opened, replay);
  for (const released of leavesOf(evidence, 'aggregate.released')) checkReleased(evidence, released);
  for (const created of leavesOf(evidence, 'model.version_created')) checkCreated(evidence, created);
}

/** base64url of 32 bytes in a signed body → the written form of a digest. */
const hash = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/)
  .transform((text) => `sha256:${Buffer.from(text, 'base64url').toString('hex')}`);
const planBody = z.looseObject({
  type: z.literal('plan'),
  jobId: z.string(),
  round: z.int(),
  attempt: z.int(),
  planDigest: hash,
  grantDigest: hash,
  rosterHash: hash,
  modelHash: hash,
  prevManifest: hash,
  cohort: z.array(z.int()),
});
const manifestBody = z.looseObject({
  type: z.literal('manifest'),
  planHash: hash,
  u3Hash: hash,
  aggRoot: hash,
  survivors: z.array(z.int()),
});

const listBody = z.looseObject({
  type: z.literal('list'),
  phase: z.literal('u3'),
  planHash: hash,
  members: z.array(z.int()),
  listHash: hash,
});

type Attempt = { run: string; round: number; attempt: number };

export function roundPlanOf(evidence: Evidence, at: Attempt) {
  const name = roundFile(at, 'plan');
  const { body } = signedFile(evidence, name) ?? fail(`${name} is missing`);
  return { body, plan: attempt(name, () => planBody.parse(JSON.parse(Buffer.from(body).toString()))) };
}

function checkOpened(evidence: Evidence, { idx, leaf }: Entry<'round.opened'>, replay: Replay): void {
  const at = `round ${leaf.round}.${leaf.attempt} of ${leaf.run}`;
  const grant = grantIssued(evidence, leaf.grantDigest);
  must(grant.idx < idx && grant.leaf.run === leaf.run, `${at} opened without a logged grant`);
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
  must(
    leaf.cohort.every((m) => grant.leaf.cohort.includes(m)),
    `${at}: a tenant is not in the grant`,
  );
  checkRoundPlan(evidence, { at, body, roster, grant }, replay);
  checkBefore(evidence, leaf, plan.prevManifest);
  const ended = [...leavesOf(evidence, 'round.closed'), ...leavesOf(evidence, 'round.aborted')];
  must(
    ended.some((e) => sameAttempt(e.leaf, leaf) && e.idx > idx),
    `${at} neither closed nor aborted`,
  );
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

/** A round trains from the base model or a logged version, and names the last manifest before it. */
function checkBefore(evidence: Evidence, leaf: Entry<'round.opened'>['leaf'], prevManifest: string): void {
  const at = `round ${leaf.round}.${leaf.attempt} of ${leaf.run}`;
  const base = leavesOf(evidence, 'plan.submitted').map((p) => p.leaf.baseModelDigest);
  const versions = leavesOf(evidence, 'model.version_created').map((v) => v.leaf.digest);
  must([...base, ...versions].includes(leaf.modelHash), `${at} starts from a model nobody logged`);
  const released = leavesOf(evidence, 'aggregate.released')
    .filter((r) => r.leaf.run === leaf.run && r.leaf.round < leaf.round)
    .toSorted((a, b) => a.leaf.round - b.leaf.round);
  const want = released.at(-1)?.leaf.manifestDigest ?? `sha256:${'0'.repeat(64)}`;
  must(prevManifest === want, `${at} does not name the manifest of the round before`);
}

function checkReleased(evidence: Evidence, { idx, leaf }: Entry<'aggregate.released'>): void {
  const at = `aggregate of round ${leaf.round}.${leaf.attempt} of ${leaf.run}`;
  const computed = leavesOf(evidence, 'aggregate.computed').find((c) => sameAttempt(c.leaf, leaf));
  must(
    computed !== undefined && computed.idx < idx && computed.leaf.aggRoot === leaf.aggRoot,
    `${at}: released before computed`,
  );
  const name = roundFile(leaf, 'manifest');
  const { body } = signedFile(evidence, name) ?? fail(`${name} is missing`);
  const manifest = attempt(name, () => manifestBody.parse(JSON.parse(Buffer.from(body).toString())));
  const opened = leavesOf(evidence, 'round.opened').find((o) => sameAttempt(o.leaf, leaf));
  must(
    opened !== undefined &&
      digestOf(body) === leaf.manifestDigest &&
      manifest.planHash === opened.leaf.planHash &&
      manifest.aggRoot === leaf.aggRoot &&
      manifest.u3Hash === computed.leaf.u3Hash &&
      manifest.survivors.length === computed.leaf.survivors,
    `${at}: leaves and manifest do not join`,
  );
  const { plan } = roundPlanOf(evidence, leaf);
  const isMember = manifest.survivors.every((i) => plan.cohort.includes(i));
  must(isMember, `${at}: a survivor is not in the cohort`);
  checkSurvivors(evidence, leaf, { ...manifest, at });
}

/** The signed list of survivors, when the bundle has it, is the one that the manifest sums over. */
function checkSurvivors(
  evidence: Evidence,
  place: Attempt,
  sum: { planHash: string; u3Hash: string; survivors: readonly number[]; at: string },
): void {
  const name = roundFile(place, 'u3');
  const message = signedFile(evidence, name);
  if (!message) return;
  const list = attempt(name, () => listBody.parse(JSON.parse(Buffer.from(message.body).toString())));
  const same = list.members.join() === sum.survivors.join();
  must(
    same && list.planHash === sum.planHash && list.listHash === sum.u3Hash,
    `${sum.at}: the signed survivors are not those of the manifest`,
  );
}

function checkCreated(evidence: Evidence, { idx, leaf }: Entry<'model.version_created'>): void {
  const at = `version ${leaf.version} of ${leaf.model}`;
  const released = leavesOf(evidence, 'aggregate.released').find(
    (r) => r.leaf.aggRoot === leaf.aggRoot && (leaf.run === undefined || r.leaf.run === leaf.run),
  );
  must(released !== undefined && released.idx < idx, `${at} comes from an aggregate that was never released`);
  const opened = leavesOf(evidence, 'round.opened').find((o) => sameAttempt(o.leaf, released.leaf));
  must(opened?.leaf.modelHash === leaf.parentDigest, `${at} does not descend from the model its round started from`);
}

export function sameAttempt(a: Attempt, b: Attempt): boolean {
  return a.run === b.run && a.round === b.round && a.attempt === b.attempt;
}
