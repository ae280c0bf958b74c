import { type Grant, verifyGrant } from '@sumveil/approvals';
import { parseRoster, type Roster } from '@sumveil/secagg';
import { digestOf, dssePayload, parseDsse } from '@sumveil/wire';
import type { Tx } from '../db/client.ts';
import { type Cohort, judgeCohort } from '../features/decisions/facts.ts';
import { type ApprovedPlan, loadPlan } from '../plan/approved-plan.ts';
import type { CheckContext } from './check.ts';
import { sequencedLeaf } from './evidence.ts';

/**
 * What the signer has verified before, by the digests of the bytes it verified: each round asks the same questions about
 * the same plan, grant and approvals, and signatures do not change their mind.
 */
export interface Memo {
  /**
   * The plan file of a digest, with who asked for it as the log says.
   *
   * @returns undefined when the stored bytes have another digest, or nobody submitted it
   * @throws LeafPending
   */
  plan(context: Pick<CheckContext, 'tx' | 'log'>, digest: string): Promise<ApprovedPlan | undefined>;
  roster(epoch: { readonly body: Buffer; readonly hash: Buffer }): Roster;
  /** A grant by this signer, with the payload that was verified. @throws ApprovalsError */
  grant(envelope: Uint8Array, grantKey: string): VerifiedGrant;
  /** Which of `eligible` are in at `now`; judged anew when an approval or list came, or one that counts has expired. */
  cohort(tx: Tx, o: { plan: ApprovedPlan; roster: Roster; eligible: readonly string[]; now: Date }): Promise<Cohort>;
}

export interface VerifiedGrant extends Grant {
  readonly payload: Buffer;
  /** `grantDigest`: of the payload. */
  readonly digest: string;
}

const KEPT = 32;

export function createMemo(): Memo {
  const rosters = new Map<string, Roster>();
  const plans = new Map<string, ApprovedPlan>();
  const grants = new Map<string, VerifiedGrant>();
  const cohorts = new Map<string, Cohort>();
  return {
    async plan(context, digest) {
      const known = plans.get(digest);
      if (known) return known;
      const leaf = await sequencedLeaf(context, 'plan.submitted', { planDigest: digest });
      const plan = leaf && (await loadPlan(context.tx, digest));
      if (!plan || digestOf(plan.bytes) !== digest) return undefined;
      return keep(plans, digest, { ...plan, requesterRef: leaf.requesterRef });
    },
    roster({ body, hash }) {
      const key = hash.toString('hex');
      return rosters.get(key) ?? keep(rosters, key, parseRoster(body));
    },
    grant(envelope, grantKey) {
      const key = `${grantKey} ${digestOf(envelope)}`;
      return grants.get(key) ?? keep(grants, key, verified(envelope, grantKey));
    },
    async cohort(tx, { plan, roster, eligible, now }) {
      const key = await questionKey(tx, plan.digest, roster, eligible);
      const known = cohorts.get(key);
      if (known && now.getTime() < (known.approvalsExpireAt ?? 0)) return known;
      return keep(cohorts, key, await judgeCohort(tx, plan, roster, eligible));
    },
  };
}

function verified(bytes: Uint8Array, grantKey: string): VerifiedGrant {
  const envelope = parseDsse(bytes);
  const payload = dssePayload(envelope);
  return { ...verifyGrant(envelope, grantKey), payload, digest: digestOf(payload) };
}

/** Names everything that a verdict depends on but the time. */
async function questionKey(tx: Tx, planDigest: string, roster: Roster, eligible: readonly string[]): Promise<string> {
  const [row] = await tx.$queryRaw<{ said: string }[]>`
    SELECT (SELECT coalesce(string_agg(digest, ' ' ORDER BY id), '') FROM approval WHERE subject_digest = ${planDigest})
        || '|' || (SELECT coalesce(string_agg(digest, ' ' ORDER BY tenant_ref, version), '') FROM approver_list) AS said`;
  return [planDigest, roster.rosterHash.toString('hex'), eligible.join(), row!.said].join('\n');
}

function keep<T>(map: Map<string, T>, key: string, value: T): T {
  map.delete(key);
  map.set(key, value);
  if (map.size > KEPT) map.delete(map.keys().next().value!);
  return value;
}
