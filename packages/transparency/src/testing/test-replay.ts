import { cohortOf, parseGrant } from '@sumveil/approvals';
import { canonicalBytes, digestOf, type Roster } from '@sumveil/wire';
import type { PlanFacts, Replay } from '../verify/replay.ts';

export const POLICY_PATH = 'permits/round.allow.cedar';

/**
 * The approvals rule is the real one. Plan files are JSON (which is YAML) that says the facts themselves, the one policy
 * is a number that the cohort must reach, and the round plan is a pure function of the same inputs as secagg's.
 */
export const replay: Required<Replay> = {
  parseGrant,
  cohortOf,
  planFacts: (bytes) => JSON.parse(Buffer.from(bytes).toString()) as PlanFacts,
  roundPlan: (inputs, body) => {
    const { round, attempt, modelHash, prevManifest } = JSON.parse(Buffer.from(body).toString()) as RoundArgs;
    return roundPlanBody(inputs, { round, attempt, modelHash, prevManifest });
  },
  decidePolicy: (files, input) => {
    const least = Number(Buffer.from(files.get(POLICY_PATH)!).toString());
    const { context } = JSON.parse(Buffer.from(input).toString()) as { context: { cohortSize: number } };
    return context.cohortSize >= least
      ? { effect: 'allow', cause: 'permit', reasons: ['round.allow'] }
      : { effect: 'deny', cause: 'no-permit', reasons: [] };
  },
};

/** `sha256:<hex>` as the byte field of a signed body. */
export const bytesOf = (digest: string): string =>
  Buffer.from(digest.slice('sha256:'.length), 'hex').toString('base64url');

export interface RoundArgs {
  readonly round: number;
  readonly attempt: number;
  readonly modelHash: string;
  readonly prevManifest: string;
}

export function roundPlanBody(
  inputs: { planFile: Uint8Array; grantPayload: Uint8Array; rosterBody: Uint8Array },
  args: RoundArgs,
): Buffer {
  const grant = JSON.parse(Buffer.from(inputs.grantPayload).toString()) as {
    runId: string;
    cohort: { members: string[] };
  };
  const roster = JSON.parse(Buffer.from(inputs.rosterBody).toString()) as Roster;
  const cohort = roster.members.filter((m) => grant.cohort.members.includes(m.tenantRef)).map((m) => m.idx);
  return canonicalBytes({
    type: 'plan',
    v: 1,
    jobId: grant.runId,
    ...args,
    cohort,
    planDigest: bytesOf(digestOf(inputs.planFile)),
    grantDigest: bytesOf(digestOf(inputs.grantPayload)),
    rosterHash: bytesOf(digestOf(inputs.rosterBody)),
  });
}
