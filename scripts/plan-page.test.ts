import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkPlanLearning, initialModel, parseTask } from '../packages/learning/src/index.ts';
import {
  encodeRoster,
  parsePlan,
  parseRoster,
  readPlanFile,
  roundPlan,
  ZERO_HASH,
} from '../packages/secagg/src/index.ts';
import {
  canonicalBytes,
  digestOf,
  hashOfDigest,
  manifestFaults,
  type PlanManifest,
  planManifest,
  toBase64url,
} from '../packages/wire/src/index.ts';

/** The annotated plan of docs/plan.md. */
function planFile(): Buffer {
  const [, yaml] = /^```yaml\n([\s\S]*?)^```/m.exec(readFileSync('docs/plan.md', 'utf8'))!;
  return Buffer.from(yaml!);
}

const planOfPage = () => readPlanFile(planFile());
const newKey = () => generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x!;

/** As `roster draft` makes one of all the members. */
function rosterOf(members: readonly string[]) {
  const rows = members.map((tenantRef, i) => ({ idx: i + 1, tenantRef, rosterKey: newKey(), witnessKey: newKey() }));
  const keys = { coordinatorKey: newKey(), grantKey: newKey(), reportKey: newKey(), logKey: newKey() };
  const rest = {
    epoch: 1,
    prevRoster: ZERO_HASH,
    logOrigin: 'log.example/audit',
    rootSpki: [newKey()],
    witnessQuorum: 5,
  };
  const rule = { cNum: 1, cDen: 3, minCohort: 5, suites: [2], modes: ['complete'] };
  return parseRoster(
    encodeRoster({ type: 'roster', v: 1, rosterId: 'page', members: rows, ...keys, ...rest, ...rule }),
  );
}

test('the plan of the page is a valid plan', () => {
  const plan = planOfPage();
  expect(manifestFaults(plan)).toEqual([]);
  expect(checkPlanLearning(plan as PlanManifest)).toEqual([]);
});

test('its base model is the one that its task starts from', () => {
  const { model, task } = planManifest.parse(planOfPage());
  expect(model.digest).toBe(digestOf(initialModel(parseTask(task))));
});

test('every round of it has a round plan when all members are granted', () => {
  const file = planFile();
  const { model, code, cohort, stages } = planManifest.parse(readPlanFile(file));
  const grantPayload = canonicalBytes({
    v: 1,
    runId: 'run-of-the-page',
    planDigest: digestOf(file),
    codeDigest: code.digest,
    baseModelDigest: model.digest,
    cohort,
    deltaInv: 1,
    epsilonTotalMicro: 0,
    notBefore: 0,
    expiresAt: 10_000_000,
  });
  const roster = rosterOf(cohort.members);
  const rounds = stages.reduce((sum, stage) => sum + stage.rounds, 0);
  for (let round = 1; round <= rounds; round++) {
    const modelHash = toBase64url(hashOfDigest(model.digest));
    const deadlines = [60, 120, 240, 300, 360].map((seconds) => seconds * 1_000);
    const args = { round, attempt: 0, retryOf: ZERO_HASH, prevManifest: ZERO_HASH, modelHash, deadlines };
    const plan = parsePlan(roundPlan({ planFile: file, grantPayload, roster }, args));
    expect(plan).toMatchObject({ c: 2, threshold: 5, minSurvivors: 5, suite: 2 });
  }
});

test('it names every field of a plan that this release can use', () => {
  const plan = planManifest.parse(planOfPage());
  expect(Object.keys(plan).toSorted()).toEqual(Object.keys(planManifest.shape).toSorted());
  const unused = ['graph', 'groups'];
  const fields = Object.keys(planManifest.shape.aggregation.shape).filter((field) => !unused.includes(field));
  expect(Object.keys(plan.aggregation).toSorted()).toEqual(fields.toSorted());
});
