import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { canonicalBytes, digestOf, type Signed, sha256, signBody, toBase64url } from '@sumveil/wire';
import { ZERO_HASH } from '../messages/fields.ts';
import { type CheckedPlan, checkPlan } from '../plan/checkPlan.ts';
import { parsePlan, type RoundPlan } from '../plan/plan.ts';
import { roundPlan } from '../plan/roundPlan.ts';
import { encodeRoster, parseRoster, type Roster } from '../roster/roster.ts';
import type { Random } from '../sharing/scalar.ts';

export interface WorldOptions {
  readonly n?: number;
  readonly suite?: 1 | 2;
  readonly bits?: 16 | 20 | 24 | 32;
  readonly dim?: number;
  readonly chunkElems?: number;
  readonly minSurvivors?: number;
  /** lines of YAML under `aux:` */
  readonly aux?: readonly string[];
  readonly attempt?: number;
}

interface KeyPair {
  readonly privateKey: KeyObject;
  readonly raw: string;
}

/** Everything that stands before an attempt: real keys, roster, plan file, grant and the signed round plan. */
export interface World {
  readonly roster: Roster;
  readonly plan: RoundPlan;
  readonly signedPlan: Signed;
  readonly planFile: Buffer;
  readonly grantPayload: Buffer;
  readonly coordinatorKey: KeyObject;
  readonly cohort: readonly number[];
  readonly random: Random;
  readonly rosterKeys: ReadonlyMap<number, KeyObject>;
  /** the plan as every tenant has checked it */
  readonly checkedPlan: CheckedPlan;
}

export const WEIGHT_AND_LOSS = [
  '{name: weight, kind: weight, max: 1000}',
  '{name: loss, kind: sum, scaleLog2: 8, max: 100000}',
  '{name: hist, kind: count, len: 3, max: 500}',
];

const START = 1_800_000_000_000;
const DIGEST = digestOf(Buffer.from('model'));

/** @param random what the tenants draw their secrets from */
export function makeWorld(random: Random, options: WorldOptions = {}): World {
  const { n = 5, attempt = 0 } = options;
  const rosterKeys = new Map<number, KeyObject>();
  const members = Array.from({ length: n }, (_, i) => {
    const pair = keyPair();
    rosterKeys.set(i * 3 + 1, pair.privateKey);
    return { idx: i * 3 + 1, tenantRef: tenantRef(i), rosterKey: pair.raw, witnessKey: keyPair().raw };
  });
  const coordinator = keyPair();
  const roster = parseRoster(encodeRoster(rosterBody(members, coordinator.raw)));
  const planFile = Buffer.from(
    planFileText(
      members.map((member) => member.tenantRef),
      options,
    ),
  );
  const grantPayload = canonicalBytes(grantBody(members, planFile));
  const times = [0, 60, 660, 720, 780].map((seconds) => START + seconds * 1000);
  const body = roundPlan(
    { planFile, grantPayload, roster },
    {
      round: 1,
      attempt,
      retryOf: attempt === 0 ? ZERO_HASH : toBase64url(sha256(Buffer.from('the attempt before'))),
      prevManifest: ZERO_HASH,
      modelHash: toBase64url(Buffer.from(DIGEST.slice(7), 'hex')),
      deadlines: times,
    },
  );
  const signedPlan = signBody('plan', body, coordinator.privateKey);
  const plan = parsePlan(body);
  const checkedPlan = checkPlan({
    plan: signedPlan,
    roster,
    idx: members[0]!.idx,
    planFile,
    grantPayload,
    floors: { minCohort: 2, minHonest: 2 },
    now: START - 1000,
    spent: false,
  });
  const coordinatorKey = coordinator.privateKey;
  return {
    random,
    roster,
    plan,
    signedPlan,
    planFile,
    grantPayload,
    coordinatorKey,
    cohort: plan.cohort,
    rosterKeys,
    checkedPlan,
  };
}

function rosterBody(members: object[], coordinatorKey: string) {
  const n = members.length;
  const others = { grantKey: keyPair().raw, reportKey: keyPair().raw, logKey: keyPair().raw };
  return {
    type: 'roster',
    v: 1,
    rosterId: 'test',
    epoch: 1,
    prevRoster: ZERO_HASH,
    members,
    coordinatorKey,
    ...others,
    logOrigin: 'log.example/audit',
    rootSpki: [toBase64url(sha256(Buffer.from('root')))],
    witnessQuorum: n,
    cNum: 1,
    cDen: 3,
    minCohort: 2,
    suites: [1, 2],
    modes: ['complete'],
  };
}

function grantBody(members: { tenantRef: string }[], planFile: Buffer) {
  return {
    v: 1,
    runId: 'run-1',
    planDigest: digestOf(planFile),
    codeDigest: DIGEST,
    baseModelDigest: DIGEST,
    cohort: { min: 2, members: members.map((member) => member.tenantRef) },
    deltaInv: 1,
    epsilonTotalMicro: 0,
    notBefore: START - 1000,
    expiresAt: START + 100_000_000,
  };
}

function planFileText(tenants: string[], options: WorldOptions): string {
  const { suite = 1, bits = 32, dim = 20, chunkElems = 16, minSurvivors, aux = WEIGHT_AND_LOSS } = options;
  return `name: test
model: {digest: "${DIGEST}"}
code: {digest: "${DIGEST}"}
cohort: {min: 2, members: [${tenants.join(', ')}]}
task: {kind: test}
stages:
  - name: train
    rounds: 3
    tensors: [${dim === 0 ? '' : `{name: w, shape: [${dim}]}`}]
    aux: [${aux.join(', ')}]
aggregation:
  suite: ${suite}
  bits: ${bits}
  chunkElems: ${chunkElems}
  scaleLog2: 8
  clip: 4
  linf: 2
${minSurvivors === undefined ? '' : `  minSurvivors: ${minSurvivors}\n`}privacy: {mechanism: none}
deadlines: {advertise: [1, 600], share: [1, 600], masked: [1, 600], consistency: [1, 600], unmask: [1, 600]}
`;
}

function keyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return { privateKey, raw: publicKey.export({ format: 'jwk' }).x! };
}

function tenantRef(i: number): string {
  return `tenant${String.fromCharCode(97 + Math.floor(i / 26), 97 + (i % 26))}aaaaaaaa`;
}
