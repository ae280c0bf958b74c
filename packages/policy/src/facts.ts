import { PolicyError } from './error.ts';

/** The plan as stored; ε in micro-units, whole numbers. */
export interface RunFacts {
  readonly id: string;
  readonly planDigest: string;
  readonly minCohort: number;
  readonly epsBudgetMicro: number;
  readonly needRoles: readonly string[];
  readonly needApprovers: number;
}

export interface ModelFacts {
  readonly id: string;
  readonly riskTier: string;
  /** Regions in which tenants may train it. */
  readonly allowedRegions: readonly string[];
}

export interface ApprovalFact {
  readonly ticket: string;
  readonly role: string;
  readonly approver: string;
  readonly tenant: string;
  readonly planDigest: string;
  /** Unix ms. */
  readonly expiresAt: number;
}

/** Facts of start, round and release, counted from rows in the transaction that acts on the answer. */
export interface GateFacts {
  /** Unix ms, the database's clock. */
  readonly now: number;
  readonly run: RunFacts;
  readonly model: ModelFacts;
  /** Digest that the approvals were counted for. */
  readonly planDigest: string;
  readonly cohortSize: number;
  readonly cohortRegions: readonly string[];
  readonly epsSpentMicro: number;
  readonly epsNextMicro: number;
  readonly approvals: readonly ApprovalFact[];
  /** Roles granted in every tenant of the cohort. */
  readonly approvedRoles: readonly string[];
  readonly distinctApprovers: number;
  readonly requesterIsApprover: boolean;
  /** Unix ms, the earliest expiry counted. */
  readonly approvalsExpireAt: number;
  readonly policyBundle: string;
}

export interface PromotionFacts {
  readonly now: number;
  readonly model: ModelFacts;
  readonly approvedRoles: readonly string[];
  readonly distinctApprovers: number;
  readonly requesterIsApprover: boolean;
  readonly gatesPassed: boolean;
  readonly wasPromoted: boolean;
}

export interface JoinFacts {
  readonly now: number;
  readonly run: RunFacts;
  readonly model: ModelFacts;
  readonly planDigest: string;
  readonly connector: { readonly name: string; readonly certExpiresAt: number; readonly revoked: boolean };
  readonly tenant: { readonly ref: string; readonly region: string; readonly active: boolean };
}

export interface AuditFacts {
  readonly now: number;
  readonly user: { readonly ref: string; readonly roles: readonly string[] };
  readonly model: ModelFacts;
  /** The run asked about; the model itself when left out. */
  readonly run?: RunFacts;
  readonly reason: string;
}

/** Cedar's Long is a whole number; anything else here is a fault of the caller. @throws PolicyError `FACT` */
export function whole(name: string, value: number): number {
  if (!Number.isSafeInteger(value)) throw new PolicyError('FACT', `${name} is not a whole number: ${value}`);
  return value;
}

/** A set has no order: sorted, so that equal facts give equal bytes. */
export function sorted(values: readonly string[]): string[] {
  return [...new Set(values)].toSorted();
}
