import type { DsseEnvelope, Roster } from '@sumveil/wire';

/**
 * What other packages know and this one must not import: each function is the very rule that coordinator, signer and
 * connectors apply. A layer whose function is missing fails; it is never skipped.
 */
export interface Replay {
  /** `parseGrant` of @sumveil/approvals: strict schema, no signature. Throws when malformed. */
  readonly parseGrant?: (envelope: DsseEnvelope) => GrantFacts;
  /** `cohortOf` of @sumveil/approvals. */
  readonly cohortOf?: (question: CohortQuestion) => CohortFacts;
  /** What a plan file says (`readPlanFile` of @sumveil/secagg and the manifest schema). Throws when malformed. */
  readonly planFacts?: (planFile: Uint8Array) => PlanFacts;
  /** `roundPlan` of @sumveil/secagg, with the arguments taken from `body`: the body that the inputs give. */
  readonly roundPlan?: (
    inputs: { planFile: Uint8Array; grantPayload: Uint8Array; rosterBody: Uint8Array },
    body: Uint8Array,
  ) => Uint8Array;
  /** Decides again. `files` by the paths of bundle.lock, `input` the RFC 8785 bytes of request and entities. */
  readonly decidePolicy?: (
    files: ReadonlyMap<string, Uint8Array>,
    input: Uint8Array,
  ) => { readonly effect: string; readonly cause: string; readonly reasons: readonly string[] };
}

export interface GrantFacts {
  readonly runId: string;
  readonly prevGrant?: string | undefined;
  readonly rosterHash: string;
  readonly planDigest: string;
  readonly codeDigest: string;
  readonly baseModelDigest: string;
  readonly cohort: { readonly min: number; readonly members: readonly string[] };
  readonly epsilonTotalMicro: number;
  /** ms since 1970. */
  readonly notBefore: number;
  readonly expiresAt: number;
  readonly approvals: readonly DsseEnvelope[];
  readonly policyBundle: string;
  readonly decisionId: string;
}

export interface CohortQuestion {
  readonly roster: Roster;
  readonly eligible: readonly string[];
  readonly approverLists: ReadonlyMap<string, DsseEnvelope>;
  readonly approvals: readonly DsseEnvelope[];
  readonly planDigest: string;
  readonly requesterRef: string;
  readonly at: string;
}

export interface CohortFacts {
  readonly members: readonly string[];
  readonly tenants: readonly { readonly tenantRef: string; readonly reasons: readonly string[] }[];
  readonly requesterIsApprover: boolean;
  /** For each member the pair of approvals that holds longest. */
  readonly counted: readonly CountedFacts[];
}

export interface CountedFacts {
  readonly tenantRef: string;
  readonly approverRef: string;
  readonly role: string;
  readonly ticket: { readonly system: string; readonly id: string };
  /** RFC 3339. */
  readonly expiresAt: string;
}

export interface PlanFacts {
  /** Name of the model. */
  readonly model: string;
  readonly modelDigest: string;
  readonly codeDigest: string;
  readonly eligible: readonly string[];
  /** Regions whose tenants may take part. */
  readonly regions: readonly string[];
  readonly minCohort: number;
  readonly epsilonTotalMicro: number;
  readonly needApprovers: number;
  readonly needRoles: readonly string[];
}
