import { generateEd25519 } from '@sumveil/identity';
import { decodeSigned, dsseBytes, encodeSigned, signBody, toBase64url } from '@sumveil/wire';
import { describe, expect, it } from 'vitest';
import { parseLocalPolicy } from '../policy/local-policy.ts';
import { nextEpoch, otherRound, planLeafOfOther, regranted, renamed } from '../testing/lies.ts';
import { argsFor, goodContext, goodParts, NOW, type Parts, partsFor, RUN, rawMaterial } from '../testing/material.ts';
import { planFile } from '../testing/plan.ts';
import { ANY_HASH, afterFirst, secondRound } from '../testing/second-round.ts';
import { listOf, testTenant } from '../testing/tenants.ts';
import type { GateContext } from './context.ts';
import { judge, type Verdict } from './gate.ts';
import type { RawMaterial } from './material.ts';
import { type GateCode, gateCodes } from './verdict.ts';

interface Case {
  /** The lie, or what has changed at the tenant. */
  readonly what: string;
  readonly code: GateCode;
  readonly parts?: (parts: Parts) => Parts;
  readonly raw?: (raw: RawMaterial, parts: Parts) => RawMaterial;
  readonly context?: (context: GateContext, parts: Parts, raw: RawMaterial) => GateContext;
}

interface PlanFields extends Record<string, unknown> {
  aggregation: Record<string, unknown>;
}
const good = goodParts();
const policy = (text: string) => (context: GateContext) => ({
  ...context,
  policy: parseLocalPolicy(Buffer.from(text)).policy,
});
const withPlan = (change: (plan: PlanFields) => void) => (parts: Parts) =>
  partsFor(
    parts,
    planFile(
      parts.tenants.map((t) => t.ref),
      { change: change as (plan: Record<string, unknown>) => void },
    ),
  );
const row = {
  runId: RUN,
  round: 1,
  attempt: 0,
  planHash: 'p',
  m2Sent: false,
  m3Sent: false,
  m4Sent: false,
  aborted: false,
};

const cases: Case[] = [
  { what: 'a plan file with an unknown field', code: 'GATE_FORMAT', parts: withPlan((plan) => (plan.extra = 1)) },
  { what: 'a grant that is no envelope', code: 'GATE_FORMAT', raw: (raw) => ({ ...raw, grant: Buffer.from('{}') }) },
  { what: 'leaves swapped', code: 'GATE_FORMAT', raw: (raw) => ({ ...raw, grantLeaf: raw.roundLeaf }) },
  {
    what: 'a grant signed by another key',
    code: 'GATE_SIGNER',
    parts: (parts) => ({ ...parts, keys: { ...parts.keys, grant: generateEd25519() } }),
  },
  {
    what: 'a round while nothing is pinned',
    code: 'GATE_SIGNER',
    context: (context) => ({ ...context, roster: undefined }),
  },
  {
    what: 'a grant and plan under an epoch that a later one has replaced',
    code: 'GATE_SIGNER',
    context: (context) => ({ ...context, roster: nextEpoch(context.roster!) }),
  },
  {
    what: 'one byte added to the plan file',
    code: 'GATE_PLAN_DIGEST',
    raw: (raw) => ({ ...raw, planFile: Buffer.concat([raw.planFile, Buffer.from(' ')]) }),
  },
  { what: 'a grant of another run', code: 'GATE_PLAN_DIGEST', raw: (raw) => ({ ...raw, runId: 'run-2' }) },
  {
    what: 'a grant for other code',
    code: 'GATE_PLAN_DIGEST',
    raw: (raw, parts) => regranted(raw, parts, { ...parts.grant, codeDigest: `sha256:${'0'.repeat(64)}` }),
  },
  { what: 'an expired grant', code: 'GATE_EXPIRED', context: (context) => ({ ...context, now: NOW + 86_400_000 }) },
  { what: 'a grant of tomorrow', code: 'GATE_EXPIRED', context: (context) => ({ ...context, now: NOW - 86_400_000 }) },
  {
    what: 'no own privacy officer',
    code: 'GATE_APPROVAL_OWN',
    parts: (parts) => ({ ...parts, grant: { ...parts.grant, approvals: parts.approvals.toSpliced(1, 1) } }),
  },
  {
    what: 'own approvers that this connector never listed',
    code: 'GATE_APPROVAL_OWN',
    context: (context, { tenants }) => ({
      ...context,
      ownApprovers: listOf(tenants[0]!.ref, [testTenant(9).steward, testTenant(9).officer], tenants[0]!.rosterKey, 2),
    }),
  },
  {
    what: 'a withdrawal that the coordinator does not show',
    code: 'GATE_APPROVAL_OWN',
    context: (context, { grant }) => ({ ...context, withdrawn: new Set([grant.planDigest]) }),
  },
  {
    what: 'an own approver who asked for the run',
    code: 'GATE_APPROVAL_OWN',
    parts: (parts) => ({ ...parts, requesterRef: parts.tenants[0]!.officer.ref }),
  },
  {
    what: 'another tenant’s approver who asked for the run',
    code: 'GATE_APPROVAL_OTHERS',
    parts: (parts) => ({ ...parts, requesterRef: parts.tenants[1]!.steward.ref }),
  },
  {
    what: 'a requester that the log does not name',
    code: 'GATE_LOG_PROOF',
    parts: (parts) => ({ ...parts, requesterRef: parts.tenants[1]!.steward.ref }),
    raw: (raw) => ({ ...raw, planLeaf: renamed(raw.planLeaf, { requesterRef: 'x'.repeat(16) }) }),
  },
  {
    what: 'the leaf of another plan',
    code: 'GATE_LOG_PROOF',
    raw: (raw, parts) => ({ ...raw, ...planLeafOfOther(parts) }),
  },
  {
    what: 'another tenant without its steward',
    code: 'GATE_APPROVAL_OTHERS',
    parts: (parts) => ({ ...parts, grant: { ...parts.grant, approvals: parts.approvals.toSpliced(6, 1) } }),
  },
  {
    what: 'an approver list of the coordinator’s own making',
    code: 'GATE_APPROVAL_OTHERS',
    raw: (raw, { tenants }) => ({
      ...raw,
      approverLists: tenants.map((t, i) =>
        dsseBytes(i === 2 ? listOf(t.ref, [t.steward, t.officer], generateEd25519(), 2) : t.list),
      ),
    }),
  },
  {
    what: 'an approver list that its tenant has replaced',
    code: 'GATE_APPROVAL_OTHERS',
    context: (context, { tenants }) => ({ ...context, listSeen: (ref) => (ref === tenants[1]!.ref ? 2 : 0) }),
  },
  {
    what: 'a member that the plan does not name',
    code: 'GATE_APPROVAL_OTHERS',
    raw(raw, parts) {
      const members = [...parts.grant.cohort.members, 'y'.repeat(16)];
      return regranted(raw, parts, { ...parts.grant, cohort: { min: 5, members } });
    },
  },
  {
    what: 'a round leaf without quorum',
    code: 'GATE_LOG_PROOF',
    raw: (_, parts) => rawMaterial(parts, parts.tenants.slice(0, 3)),
  },
  {
    what: 'a log older than what was cosigned here',
    code: 'GATE_LOG_PROOF',
    context: (context) => ({ ...context, witness: { size: 4, fork: false } }),
  },
  {
    what: 'a log that has forked',
    code: 'GATE_LOG_PROOF',
    context: (context) => ({ ...context, witness: { size: 2, fork: true } }),
  },
  { what: 'a leaf of another round', code: 'GATE_LOG_PROOF', raw: (raw, parts) => ({ ...raw, ...otherRound(parts) }) },
  { what: 'a cohort below the local floor', code: 'GATE_LOCAL_POLICY', context: policy('minCohort: 6') },
  { what: 'too few honest inputs', code: 'GATE_LOCAL_POLICY', context: policy('minHonest: 4') },
  {
    what: 'code that is not allowed',
    code: 'GATE_LOCAL_POLICY',
    context: policy(`codeDigests: ["sha256:${'1'.repeat(64)}"]`),
  },
  {
    what: 'other code than runs here',
    code: 'GATE_LOCAL_POLICY',
    context: (context) => ({ ...context, codeDigest: `sha256:${'1'.repeat(64)}` }),
  },
  {
    what: 'a model that is not allowed',
    code: 'GATE_LOCAL_POLICY',
    context: policy(`modelDigests: ["sha256:${'1'.repeat(64)}"]`),
  },
  {
    what: 'a schema that is not allowed',
    code: 'GATE_LOCAL_POLICY',
    context: policy(`dataSchemas: ["sha256:${'1'.repeat(64)}"]`),
  },
  { what: 'a plan for other regions', code: 'GATE_LOCAL_POLICY', context: policy('region: us') },
  { what: 'more rounds than allowed', code: 'GATE_LOCAL_POLICY', context: policy('maxRounds: 2') },
  { what: 'more bytes than allowed', code: 'GATE_LOCAL_POLICY', context: policy('maxUploadBytes: 20') },
  {
    what: 'an hour outside the windows',
    code: 'GATE_LOCAL_POLICY',
    context: policy('windows: [{days: [mon], from: "00:00", to: "23:59", tz: UTC}]'),
  },
  {
    what: 'rows that break the contract',
    code: 'GATE_DATA',
    context: (context) => ({ ...context, data: async () => ({ code: 'RANGE', field: 1, detail: 'speed' }) }),
  },
  {
    what: 'a plan of another key',
    code: 'GATE_PROTOCOL',
    raw: (raw) => ({ ...raw, plan: encodeSigned(signBody('plan', decodeSigned(raw.plan).body, generateEd25519())) }),
  },
  { what: 'a round set back', code: 'GATE_PROTOCOL', context: (c) => ({ ...c, job: { ...c.job, finishedRound: 1 } }) },
  {
    what: 'a lower round than joined',
    code: 'GATE_PROTOCOL',
    context: (c) => ({ ...c, attempts: [{ ...row, round: 2 }] }),
  },
  { what: 'a second plan of one attempt', code: 'GATE_PROTOCOL', context: (c) => ({ ...c, attempts: [row] }) },
  {
    what: 'another last manifest',
    code: 'GATE_PROTOCOL',
    context: (c) => ({ ...c, job: { ...c.job, lastManifest: toBase64url(Buffer.alloc(32, 7)) } }),
  },
  {
    what: 'another model than the base while no round is finished',
    code: 'GATE_PROTOCOL',
    parts: (parts) => ({ ...parts, args: argsFor(NOW, ANY_HASH, { round: 2 }) }),
  },
  {
    what: 'another model than the last sum leads to',
    code: 'GATE_PROTOCOL',
    parts: secondRound,
    context: afterFirst({ model: `sha256:${'7'.repeat(64)}` }),
  },
  {
    what: 'a plan file that the rounds before did not have',
    code: 'GATE_PROTOCOL',
    parts: secondRound,
    context: afterFirst({ planDigest: `sha256:${'7'.repeat(64)}` }),
  },
  {
    what: 'what this release does not run yet',
    code: 'GATE_PROTOCOL',
    parts: withPlan((plan) => (plan.aggregation.rounding = 'stochastic')),
  },
  {
    what: 'a first deadline too far away',
    code: 'GATE_PROTOCOL',
    context: (context) => ({ ...context, now: NOW - 59_000 }),
    parts: (parts) => ({
      ...parts,
      args: { ...parts.args, deadlines: [120, 140, 160, 180, 200].map((s) => NOW + s * 1_000) } as never,
    }),
  },
];

async function run({ parts, raw, context }: Omit<Case, 'what' | 'code'>): Promise<Verdict> {
  const made = parts?.(good) ?? good;
  const given = raw?.(rawMaterial(made), made) ?? rawMaterial(made);
  return await judge(given, () => context?.(goodContext(made), made, given) ?? goodContext(made));
}

describe('local gate', () => {
  it('lets a round through that everybody has approved', async () => {
    const verdict = await run({});
    expect(verdict).toMatchObject({ ok: true });
    if (verdict.ok) expect(verdict.passed.plan.round).toBe(1);
  });

  it('lets a second round through on the model that was computed here', async () => {
    expect(await run({ parts: secondRound, context: afterFirst() })).toMatchObject({ ok: true });
  });

  for (const one of cases) {
    it(`refuses ${one.what} with ${one.code}`, async () => {
      expect(await run(one)).toMatchObject({ ok: false, fault: { code: one.code } });
    });
  }

  it('has a case for every code but the budget, which needs a mechanism', () => {
    const tried = new Set(cases.map((one) => one.code));
    expect(gateCodes.filter((code) => !tried.has(code))).toEqual(['GATE_BUDGET']);
  });

  it('answers with the first failing check when several fail', async () => {
    const several = await run({
      context: (c) => ({
        ...c,
        now: NOW + 86_400_000,
        job: { ...c.job, finishedRound: 9 },
        witness: { size: 9, fork: true },
      }),
    });
    expect(several).toMatchObject({ ok: false, fault: { code: 'GATE_EXPIRED' } });
  });

  it('names the field of a data fault, and no value in what is sent', async () => {
    const verdict = await run({
      context: (c) => ({ ...c, data: async () => ({ code: 'RANGE', field: 2, detail: 'column speed' }) }),
    });
    expect(verdict).toMatchObject({ ok: false, fault: { code: 'GATE_DATA', field: 2 } });
  });
});
