import { stageKind } from '@sumveil/learning';
import { planHash, type RoundPlan, ZERO_HASH } from '@sumveil/secagg';
import { hashOfDigest, parseBody, sha256, toBase64url, writtenDigest } from '@sumveil/wire';
import type { Tx } from '../../db/client.ts';
import { type ApprovedPlan, roundsOf, stageOfRound } from '../../plan/approved-plan.ts';
import type { CheckContext } from '../check.ts';
import { sequencedLeaf } from '../evidence.ts';

/**
 * retryOf, prevManifest and modelHash follow from what this signer signed and sequenced before, whatever the rows that
 * others may write say: a round trains the model that the last released sum made, and nothing else.
 */
export async function argsHold(context: CheckContext, plan: RoundPlan, approved: ApprovedPlan): Promise<boolean> {
  const { jobId: runId, round, attempt } = plan;
  const { tx } = context;
  const before = await tx.attempt.findFirst({ where: { runId, round, attempt: attempt - 1 } });
  const retryOf = before ? toBase64url(planHash(before.planBody)) : ZERO_HASH;
  if (attempt > 0 !== (before !== null) || plan.retryOf !== retryOf) return false;
  const last = await lastReleased(tx, runId, roundsBefore(approved, roundsOf(approved) + 1));
  if (last && last.round >= round) return false;
  if (plan.prevManifest !== (last ? toBase64url(sha256(last.manifest)) : ZERO_HASH)) return false;
  return plan.modelHash === (await modelBefore(context, plan, approved, last));
}

interface Released {
  readonly round: number;
  readonly attempt: number;
  readonly planBody: Uint8Array;
  /** Body that this signer has signed. */
  readonly manifest: Uint8Array;
}

/** Newest released attempt in one of the rounds: one whose manifest has this signer's answer, whatever its phase says. */
async function lastReleased(tx: Tx, runId: string, rounds: readonly number[]): Promise<Released | undefined> {
  const [row] = await tx.$queryRaw<{ round: number; attempt: number; plan_body: Uint8Array; body: Uint8Array }[]>`
    SELECT a.round, a.attempt, a.plan_body, r.body
    FROM attempt a
    JOIN sign_request r ON r.kind = 'manifest' AND r.subject = a.id::text
    JOIN signature s ON s.request_id = r.id AND s.result IS NOT NULL
    WHERE a.run_id = ${runId} AND a.round = ANY(${[...rounds]}::int[])
    ORDER BY a.round DESC, a.attempt DESC LIMIT 1`;
  return row && { round: row.round, attempt: row.attempt, planBody: row.plan_body, manifest: row.body };
}

function roundsBefore(approved: ApprovedPlan, round: number): number[] {
  return Array.from({ length: round - 1 }, (_, i) => i + 1).filter((r) => stageOfRound(approved, r) !== undefined);
}

/**
 * Model that the newest released round made (an evaluation makes none), from its leaf, which must name that round, its sum
 * as the signed manifest does, and the model it was trained from.
 *
 * @returns base64url hash, undefined when there is no such leaf
 */
async function modelBefore(
  context: CheckContext,
  { jobId: run, round }: RoundPlan,
  approved: ApprovedPlan,
  newest: Released | undefined,
): Promise<string | undefined> {
  const { model } = approved.manifest;
  const made = roundsBefore(approved, round).filter((r) => stageKind(stageOfRound(approved, r)!) !== 'evaluate');
  const last = newest && !made.includes(newest.round) ? await lastReleased(context.tx, run, made) : newest;
  if (!last) return toBase64url(hashOfDigest(model.digest));
  const row = await context.tx.modelVersion.findUnique({ where: { runId_round: { runId: run, round: last.round } } });
  const leaf =
    row && (await sequencedLeaf(context, 'model.version_created', { model: model.name, version: row.version }));
  if (leaf?.run !== run || leaf.round !== last.round || leaf.attempt !== last.attempt) return undefined;
  const { aggRoot } = parseBody(last.manifest) as { aggRoot: string };
  const { modelHash } = parseBody(last.planBody) as { modelHash: string };
  const follows = leaf.aggRoot === written(aggRoot) && leaf.parentDigest === written(modelHash);
  return follows ? toBase64url(hashOfDigest(leaf.digest)) : undefined;
}

function written(hash: string): string {
  return writtenDigest(Buffer.from(hash, 'base64url'));
}
