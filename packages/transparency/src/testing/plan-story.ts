import { type buildApproval, buildApproverList } from '@sumveil/approvals';
import { canonicalBytes, type DsseEnvelope, digestOf } from '@sumveil/wire';
import * as layout from '../bundle/layout.ts';
import type { PlanFacts } from '../verify/replay.ts';
import { digestOfByte, iso, keys, MODEL, officerRef, REQUESTER, START, stewardRef, TENANTS } from './cast.ts';
import { publicOf } from './keys.ts';
import type { Draft, Teller } from './teller.ts';

export type ApprovalFields = Parameters<typeof buildApproval>[0];

/** Base model of the plan, and the model after each round. */
export const modelAfter = (round: number): string => digestOf(Buffer.from(`model ${round}`));

export interface PlanStory {
  /** Changes the fields of one approval before it is signed. */
  readonly approval?: (fields: ApprovalFields) => Partial<ApprovalFields>;
  /** ε of the plan in micro-units; each of the two rounds costs a third of it. */
  readonly epsilonTotalMicro?: number;
  readonly requesterRef?: string;
  readonly needApprovers?: number;
}

export interface SubmittedPlan {
  readonly digest: string;
  readonly facts: PlanFacts;
}

export function approverList(i: number, version = 1): DsseEnvelope {
  const steward = { approverRef: stewardRef(i), roles: ['data-steward' as const], key: publicOf(keys.steward(i)) };
  const officer = { approverRef: officerRef(i), roles: ['privacy-officer' as const], key: publicOf(keys.officer(i)) };
  return buildApproverList({ tenantRef: TENANTS[i]!, version, approvers: [steward, officer] }, keys.roster(i));
}

export function submitPlan(teller: Teller, story: PlanStory): SubmittedPlan {
  const facts: PlanFacts = {
    model: MODEL,
    modelDigest: modelAfter(0),
    codeDigest: digestOfByte(0xc0),
    eligible: TENANTS,
    regions: ['US'],
    minCohort: 5,
    epsilonTotalMicro: story.epsilonTotalMicro ?? 0,
    needApprovers: story.needApprovers ?? 2,
    needRoles: ['data-steward', 'privacy-officer'],
  };
  const bytes = canonicalBytes(facts);
  const planDigest = digestOf(bytes);
  teller.draft.files.set(layout.planFile(planDigest), bytes);
  const { modelDigest: baseModelDigest, codeDigest, eligible, minCohort, epsilonTotalMicro } = facts;
  const requesterRef = story.requesterRef ?? REQUESTER;
  const named = { planDigest, baseModelDigest, codeDigest, requesterRef, eligible };
  teller.log('plan.submitted', { ...named, minCohort, epsilonTotalMicro, deltaInv: 100_000 });
  return { digest: planDigest, facts };
}

/** The plan of a draft, as {@link submitPlan} returned it. */
export function submittedIn(draft: Draft): SubmittedPlan {
  const [name, bytes] = [...draft.files].find(([file]) => file.startsWith('plan/'))!;
  return { digest: `sha256:${name.slice(5, 69)}`, facts: JSON.parse(Buffer.from(bytes).toString()) as PlanFacts };
}

export function approvalFields(i: number, role: 'data-steward' | 'privacy-officer', planDigest: string) {
  return {
    approvalId: `a-${i}-${role}`,
    ticket: { system: 'jira', id: `CHG-${i}` },
    decision: 'granted' as const,
    role,
    approverRef: role === 'data-steward' ? stewardRef(i) : officerRef(i),
    tenantRef: TENANTS[i]!,
    subject: { kind: 'plan' as const, digest: planDigest },
    issuedAt: iso(START - 1_000_000),
    expiresAt: iso(START + 1_000_000),
    nonce: 'n'.repeat(22),
  };
}

export function approveBoth(teller: Teller, i: number, planDigest: string, story: PlanStory): DsseEnvelope[] {
  const sides = [['data-steward', keys.steward(i)] as const, ['privacy-officer', keys.officer(i)] as const];
  return sides.map(([role, key]) => {
    const fields = approvalFields(i, role, planDigest);
    return teller.approve({ ...fields, ...story.approval?.(fields) }, key);
  });
}
