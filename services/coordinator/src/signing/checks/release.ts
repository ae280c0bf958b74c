import { digestOf, writtenDigest } from '@sumveil/wire';
import type { CheckContext } from '../check.ts';
import { leafKeyOf, sequencedLeaf } from '../evidence.ts';
import type { RefusalCode } from '../refusal.ts';
import type { SignedAttempt } from './attempt.ts';
import { decisionHolds } from './decision.ts';
import { issuedGrant } from './granted.ts';

/** The logged release names this manifest, this sum, its charge, and a decision that allowed it. */
export async function releaseFault(
  context: CheckContext,
  { row, plan, roster }: SignedAttempt,
  body: Buffer,
): Promise<RefusalCode | undefined> {
  const { runId, round, attempt, aggRoot } = row;
  const { tx, now } = context;
  const leaf = await sequencedLeaf(context, 'aggregate.released', { run: runId, round, attempt });
  if (leaf?.manifestDigest !== digestOf(body) || !aggRoot || leaf.aggRoot !== writtenDigest(aggRoot)) return 'SECRETS';
  const charges = await tx.privacyCharge.findMany({ where: { runId, round, attempt } });
  const charged = charges.some(({ chargeId }) => chargeId === leaf.chargeId);
  if (!charged || !charges.every((charge) => charge.totalMicro <= charge.capMicro)) return 'CHARGE';
  const granted = await issuedGrant(context, plan, roster);
  if (!granted) return 'PLAN_DIFFERS';
  const { grant, approved } = granted;
  const cohort = await context.memo.cohort(tx, { plan: approved, roster, eligible: grant.cohort.members, now });
  const chargedMicro = charges.reduce((sum, charge) => sum + Number(charge.epsilonMicro), 0);
  const { decisionId } = leaf;
  const question = { decisionId, action: 'releaseAggregate', runId, plan: approved, cohort, chargedMicro } as const;
  return (await decisionHolds(context, question)) ? undefined : 'POLICY';
}

/** Dedupe key of `aggregate.released`. */
export function releaseKey({ row }: SignedAttempt): string {
  return leafKeyOf('aggregate.released', { run: row.runId, round: row.round, attempt: row.attempt });
}
