import { buildGrant, type Grant, grantDigest } from '@sumveil/approvals';
import { parsePlan, type Roster, type RoundArgs, roundPlan, ZERO_HASH } from '@sumveil/secagg';
import {
  type DsseEnvelope,
  digestOf,
  dsseBytes,
  dssePayload,
  encodeSigned,
  sha256,
  signBody,
  toBase64url,
} from '@sumveil/wire';
import type { GateContext } from '../gate/context.ts';
import { digestText } from '../gate/grant.ts';
import type { RawMaterial } from '../gate/material.ts';
import { parseLocalPolicy } from '../policy/local-policy.ts';
import { NOTHING_FINISHED } from '../state/attempts.ts';
import { TestLog } from './log.ts';
import { baseModel, CODE_DIGEST, planFile } from './plan.ts';
import { approve, type CoordinatorKeys, coordinatorKeys, type TestTenant, testRoster, testTenant } from './tenants.ts';

export const NOW = Date.parse('2026-11-24T10:00:00.000Z');
export const REQUESTER = 'z'.repeat(16);
export const RUN = 'run-1';

/** Everything a coordinator has that does all things right, for one round of one run. */
export interface Parts {
  readonly now: number;
  readonly keys: CoordinatorKeys;
  readonly tenants: readonly TestTenant[];
  readonly roster: Roster;
  readonly planFile: Buffer;
  readonly approvals: readonly DsseEnvelope[];
  readonly requesterRef: string;
  readonly grant: Omit<Grant, 'v'>;
  readonly args: RoundArgs;
}

export function goodParts(size = 5, now = NOW): Parts {
  const keys = coordinatorKeys();
  const tenants = Array.from({ length: size }, (_, i) => testTenant(i + 1));
  const { roster } = testRoster(tenants, keys, toBase64url(sha256(Buffer.from('root'))));
  return partsFor({ now, keys, tenants, roster });
}

export function partsFor(base: Pick<Parts, 'now' | 'keys' | 'tenants' | 'roster'>, file?: Buffer): Parts {
  const { now, tenants, roster } = base;
  const members = tenants.map((t) => t.ref);
  const plan = file ?? planFile(members);
  const approvals = tenants.flatMap((t) =>
    [t.steward, t.officer].map((who) => approve(t, who, digestOf(plan), { at: now - 1_000 })),
  );
  const grant = {
    grantId: 'grant-1',
    runId: RUN,
    rosterHash: digestText(roster.rosterHash),
    planDigest: digestOf(plan),
    codeDigest: CODE_DIGEST,
    baseModelDigest: digestOf(baseModel),
    cohort: { min: Math.min(5, members.length), members },
    dataVersions: [],
    epsilonRoundMicro: 0,
    epsilonTotalMicro: 0,
    deltaInv: 1,
    notBefore: now - 1_000,
    expiresAt: now + 86_400_000,
    approvals,
    policyBundle: digestOf(Buffer.from('bundle')),
    decisionId: 'decision-1',
  };
  return {
    ...base,
    planFile: plan,
    approvals,
    requesterRef: REQUESTER,
    grant,
    args: argsFor(now, toBase64url(sha256(baseModel))),
  };
}

export function argsFor(now: number, modelHash: string, o: Partial<RoundArgs> = {}): RoundArgs {
  const deadlines = [1, 2, 3, 4, 5].map((i) => now + i * 20_000);
  return { round: 1, attempt: 0, retryOf: ZERO_HASH, prevManifest: ZERO_HASH, modelHash, deadlines, ...o } as RoundArgs;
}

/** Grant and round plan signed, their leaves in a log that every member has cosigned. */
export function rawMaterial(parts: Parts, cosigners = parts.tenants): RawMaterial {
  const log = new TestLog(parts.roster.logOrigin, parts.keys.log);
  const { keys, tenants, roster, planFile: file } = parts;
  const grant = buildGrant(parts.grant, keys.grant);
  const body = roundPlan({ planFile: file, grantPayload: dssePayload(grant), roster }, parts.args);
  const planLeaf = log.append(planLeafOf(file, parts.requesterRef));
  const grantLeaf = log.append(grantLeafOf(parts.grant, grantDigest(grant)));
  const roundLeaf = log.append(roundLeafOf(body, grantDigest(grant), roster));
  log.cosignAll(cosigners);
  return {
    runId: RUN,
    planFile: file,
    grant: dsseBytes(grant),
    grantLeaf: grantLeaf.bytes,
    grantProof: log.proof(grantLeaf.index),
    approverLists: tenants.map((t) => dsseBytes(t.list)),
    planLeaf: planLeaf.bytes,
    planProof: log.proof(planLeaf.index),
    plan: encodeSigned(signBody('plan', body, keys.coordinator)),
    roundLeaf: roundLeaf.bytes,
    roundProof: log.proof(roundLeaf.index),
  };
}

export function planLeafOf(file: Buffer, requesterRef = REQUESTER): Record<string, unknown> {
  const { model, code, cohort } = JSON.parse(file.toString());
  return {
    type: 'plan.submitted',
    planDigest: digestOf(file),
    baseModelDigest: model.digest,
    codeDigest: code.digest,
    requesterRef,
    eligible: cohort.members,
    minCohort: cohort.min,
    epsilonTotalMicro: 0,
    deltaInv: 1,
  };
}

export function grantLeafOf(grant: Omit<Grant, 'v'>, digest: string): Record<string, unknown> {
  const { runId, grantId, planDigest, cohort, expiresAt } = grant;
  const at = new Date(expiresAt).toISOString();
  return {
    type: 'grant.issued',
    run: runId,
    runSeq: 2,
    grantId,
    grantDigest: digest,
    planDigest,
    cohort: cohort.members,
    expiresAt: at,
  };
}

export function roundLeafOf(body: Buffer, grant: string, roster: Roster): Record<string, unknown> {
  const plan = parsePlan(body);
  return {
    type: 'round.opened',
    run: plan.jobId,
    runSeq: 2 + plan.round,
    round: plan.round,
    attempt: plan.attempt,
    planHash: digestText(plan.planHash),
    modelHash: digestText(Buffer.from(plan.modelHash, 'base64url')),
    grantDigest: grant,
    cohort: roster.members.filter((m) => plan.cohort.includes(m.idx)).map((m) => m.tenantRef),
    deadlineAt: new Date(plan.deadlines[4]).toISOString(),
    decisionId: 'decision-2',
  };
}

/** What the first tenant's connector knows when nothing is wrong. */
export function goodContext(parts: Parts): GateContext {
  const [own] = parts.tenants;
  return {
    roster: parts.roster,
    tenantRef: own!.ref,
    now: parts.now,
    policy: parseLocalPolicy(new Uint8Array()).policy,
    ownApprovers: own!.list,
    withdrawn: new Set(),
    listSeen: () => 0,
    witness: { size: 0, fork: false },
    spentMicro: 0,
    job: NOTHING_FINISHED,
    attempts: [],
    codeDigest: CODE_DIGEST,
    data: async () => undefined,
  };
}
