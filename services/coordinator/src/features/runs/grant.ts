import { grantDigest, parseGrant } from '@sumveil/approvals';
import { dssePayload, parseDsse } from '@sumveil/wire';
import { notify } from '../../db/notify.ts';
import type { Deps } from '../../deps.ts';
import { type Lease, requireLease, withLease } from '../../lease/lease.ts';
import { runLease } from '../../lease/run-lease.ts';
import { enqueue } from '../../outbox/enqueue.ts';
import { endRun } from '../rounds/run-state.ts';

const actor = { kind: 'service', ref: 'coordinator', via: 'worker' } as const;

/**
 * `granting` → `running`: the signed grant is stored and logged, and the run starts when that leaf stands under a quorum.
 * Comes back later while signer or witnesses are away.
 */
export async function issueGrant(deps: Deps, runId: string): Promise<void> {
  await withLease(deps.db, runLease(deps, runId), async (lease) => {
    const run = await deps.db.prisma.run.findUniqueOrThrow({ where: { id: runId }, include: { grants: true } });
    if (run.state !== 'granting') return;
    const leafKey = run.grants[0]?.leafKey ?? (await storeGrant(deps, lease, run));
    if (leafKey === undefined) return;
    if (await deps.log.whenCovered(leafKey, { signal: deps.stopping })) await begin(deps, lease, runId);
    else await comeBack(deps, runId);
  });
}

async function storeGrant(
  deps: Deps,
  lease: Lease,
  run: { id: string; grantId: string | null; round: number; modelDigest: string },
) {
  const grantId = run.grantId!;
  const answer = await deps.notify.wait(
    'sumveil_signed',
    () => deps.sign.findSignature(deps.db.prisma, 'grant', grantId),
    { timeoutMs: deps.timings.signature, signal: deps.stopping },
  );
  if (!answer) return comeBack(deps, run.id);
  return deps.db.transaction(async (tx) => {
    await requireLease(tx, lease);
    if ('error' in answer) {
      await endRun(deps, tx, run, { state: 'aborted', reason: `grant-${answer.error.toLowerCase()}` });
      return undefined;
    }
    const envelope = parseDsse(answer.result);
    const grant = parseGrant(envelope);
    const digest = grantDigest(envelope);
    const leaf = await deps.log.appendLeaf(
      tx,
      {
        type: 'grant.issued',
        actor,
        run: run.id,
        grantId,
        grantDigest: digest,
        planDigest: grant.planDigest,
        cohort: grant.cohort.members,
        expiresAt: new Date(grant.expiresAt).toISOString(),
        decisionId: grant.decisionId,
      },
      { gated: true },
    );
    await tx.grant.create({
      data: {
        id: grantId,
        digest,
        runId: run.id,
        payload: Uint8Array.from(dssePayload(envelope)),
        envelope: Uint8Array.from(answer.result),
        expiresAt: new Date(grant.expiresAt),
        leafKey: leaf.key,
      },
    });
    return leaf.key;
  });
}

async function begin(deps: Deps, lease: Lease, runId: string): Promise<void> {
  await deps.db.transaction(async (tx) => {
    await requireLease(tx, lease);
    const { count } = await tx.run.updateMany({ where: { id: runId, state: 'granting' }, data: { state: 'running' } });
    if (count === 0) return;
    const run = await tx.run.findUniqueOrThrow({ where: { id: runId }, include: { grants: true } });
    const grant = run.grants[0]!;
    const { decisionId } = parseGrant(parseDsse(grant.envelope));
    await deps.log.appendLeaf(tx, {
      type: 'run.started',
      actor,
      run: runId,
      decisionId,
      planDigest: run.planDigest,
      grantDigest: grant.digest,
    });
    await enqueue(tx, { topic: 'round.open', ref: runId, dedupe: `begin:${runId}` });
    await notify(tx, 'sumveil_run', runId);
  });
}

async function comeBack(deps: Deps, runId: string): Promise<undefined> {
  const availableAt = new Date(Date.now() + deps.timings.evidenceAgain);
  await deps.db.transaction((tx) =>
    enqueue(tx, { topic: 'run.grant', ref: runId, dedupe: `grant:${runId}:${availableAt.getTime()}`, availableAt }),
  );
  return undefined;
}
