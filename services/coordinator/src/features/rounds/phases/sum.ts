import { aggregateRoot, eachChunk, manifestBody } from '@sumveil/secagg';
import { digestOf, hashOfDigest, writtenDigest } from '@sumveil/wire';
import type { Tx } from '../../../db/client.ts';
import { loadPlan } from '../../../plan/approved-plan.ts';
import { rosterByHash } from '../../../roster/in-force.ts';
import { decide } from '../../decisions/decide.ts';
import { judgeCohort } from '../../decisions/facts.ts';
import type { RoundDeps, Step } from '../advance.ts';
import { attemptLeaf } from '../attempt-leaf.ts';
import { pauseRun } from '../run-state.ts';
import { type LoadedAttempt, loadAttempt, refsOf } from '../store.ts';
import { failAttempt } from './fail.ts';
import { sealedKeys } from './recover.ts';
import { inPhase } from './transition.ts';

/**
 * `summing` → `releasing`: every chunk is summed. The release is decided, charged and logged in one transaction, and the
 * manifest is put before the signer, who answers only when the release leaf stands under a quorum.
 */
export const sum: Step = async (deps, lease, attemptId) => {
  const attempt = await loadAttempt(deps.db.prisma, attemptId);
  const sums = await deps.db.prisma.sumChunk.findMany({ where: { attemptId } });
  if (sums.length === 0 || sums.some((chunk) => !chunk.digest)) return false;
  const digests = new Map(sums.map((row) => [`${row.segment}/${row.chunk}`, row.digest!]));
  const hashes = [...eachChunk(attempt.plan)].map(({ segment, chunk }) =>
    hashOfDigest(digests.get(`${segment}/${chunk}`)!),
  );
  const aggRoot = aggregateRoot(attempt.plan, hashes);
  const { secrets, u3, u3Hash } = await sealedKeys(deps, attempt);
  const body = manifestBody({ plan: attempt.plan, u3Hash, u3, aggRoot, secrets });
  return inPhase(deps, lease, attemptId, 'summing', async (tx, locked) => {
    const decisionId = await decideRelease(deps, tx, locked);
    if (!decisionId) return failAttempt(deps, tx, locked, 'POLICY');
    const chargeId = await charge(deps, tx, locked);
    const survivors = u3.length;
    const root = writtenDigest(aggRoot);
    await deps.log.appendLeaf(tx, {
      type: 'aggregate.computed',
      ...attemptLeaf(locked.row),
      u3Hash: writtenDigest(u3Hash),
      aggRoot: root,
      survivors,
    });
    await deps.log.appendLeaf(
      tx,
      {
        type: 'aggregate.released',
        ...attemptLeaf(locked.row),
        aggRoot: root,
        manifestDigest: digestOf(body),
        chargeId,
        decisionId,
      },
      { gated: true },
    );
    await tx.attempt.update({
      where: { id: attemptId },
      data: { phase: 'releasing', aggRoot: Uint8Array.from(aggRoot), manifestBody: Uint8Array.from(body) },
    });
    await deps.sign.requestSignature(tx, 'manifest', attemptId, body);
    return true;
  });
};

/** Approvals may have expired or been withdrawn since the round opened; a denied release is never shown to anybody. */
async function decideRelease(deps: RoundDeps, tx: Tx, { row, plan }: LoadedAttempt): Promise<string | undefined> {
  const run = await tx.run.findUniqueOrThrow({ where: { id: row.runId } });
  const approved = await loadPlan(tx, run.planDigest);
  const roster = await rosterByHash(tx, Buffer.from(plan.rosterHash, 'base64url'));
  const cohort = await judgeCohort(tx, approved, roster, await refsOf(tx, plan.cohort));
  const decision = await decide(deps, tx, {
    action: 'releaseAggregate',
    plan: approved,
    runId: run.id,
    runExists: true,
    cohort,
  });
  if (decision.effect === 'allow') return decision.decisionId;
  await pauseRun(deps, tx, run, 'policy-denied');
  return undefined;
}

/** The model's own ledger: charged before the release; a plan without noise costs nothing and its row says so. */
async function charge(deps: RoundDeps, tx: Tx, { row }: LoadedAttempt): Promise<string> {
  const { modelName } = await tx.run.findUniqueOrThrow({ where: { id: row.runId } });
  const chargeId = `${row.runId}.${row.round}.${row.attempt}`;
  const ledger = await tx.privacyLedger.upsert({
    where: { ledgerRef: modelName },
    create: { ledgerRef: modelName, capMicro: 0n },
    update: {},
  });
  const entry = {
    chargeId,
    ledgerRef: modelName,
    epsilonMicro: 0n,
    totalMicro: ledger.totalMicro,
    capMicro: ledger.capMicro,
    deltaInv: 1n,
  };
  await tx.privacyCharge.create({
    data: { ...entry, runId: row.runId, round: row.round, attempt: row.attempt, mechanism: 'none' },
  });
  await deps.log.appendLeaf(tx, {
    type: 'privacy.charged',
    ...attemptLeaf(row),
    scope: 'model',
    ledgerRef: modelName,
    chargeId,
    epsilonMicro: 0,
    totalMicro: Number(entry.totalMicro),
    capMicro: Number(entry.capMicro),
    deltaInv: 1,
    mechanismDigest: digestOf(Buffer.from('none')),
  });
  return chargeId;
}
