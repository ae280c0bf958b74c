import type { Roster, RoundPlan } from '@sumveil/secagg';
import { writtenDigest } from '@sumveil/wire';
import type { ApprovedPlan } from '../../plan/approved-plan.ts';
import type { CheckContext } from '../check.ts';
import { leafKeyOf, sequencedLeaf } from '../evidence.ts';
import type { VerifiedGrant } from '../memo.ts';

export interface Granted {
  readonly grant: VerifiedGrant;
  readonly approved: ApprovedPlan;
  /** Of `grant.issued`. */
  readonly leafKey: string;
}

/**
 * The grant that a round plan names: signed by this signer, for this run, and in the log with just these contents, together
 * with the plan file it is for. Undefined when one of them does not hold.
 */
export async function issuedGrant(
  context: CheckContext,
  plan: RoundPlan,
  roster: Roster,
): Promise<Granted | undefined> {
  const digest = writtenDigest(Buffer.from(plan.grantDigest, 'base64url'));
  const row = await context.tx.grant.findUnique({ where: { digest }, select: { envelope: true } });
  if (!row) return undefined;
  const grant = context.memo.grant(row.envelope, roster.grantKey);
  if (grant.runId !== plan.jobId || grant.digest !== digest) return undefined;
  const { grantId } = grant;
  const leaf = await sequencedLeaf(context, 'grant.issued', { grantId });
  const logged =
    leaf?.grantDigest === digest &&
    leaf.run === grant.runId &&
    leaf.planDigest === grant.planDigest &&
    leaf.decisionId === grant.decisionId &&
    leaf.cohort.join() === grant.cohort.members.join();
  const approved = logged ? await context.memo.plan(context, grant.planDigest) : undefined;
  return approved && { grant, approved, leafKey: leafKeyOf('grant.issued', { grantId }) };
}
