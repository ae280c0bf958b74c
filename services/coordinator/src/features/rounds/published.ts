import { encodeSigned } from '@sumveil/wire';
import type { Deps } from '../../deps.ts';
import { CoordinatorError } from '../../error.ts';
import { attemptForTenant, signedOf } from './store.ts';

/** Signed round plan with the log proof of its `round.opened` leaf, for a tenant of the cohort. */
export async function signedPlan(deps: Pick<Deps, 'db' | 'log'>, tenantRef: string, planHash: Buffer) {
  const { row } = await attemptForTenant(deps.db.prisma, planHash, tenantRef);
  const proof = await deps.log.logProof(row.leafKey);
  if (!proof) {
    const text = 'The log proof of this round is not ready yet.';
    throw new CoordinatorError('UNAVAILABLE', text, { retryAfterSeconds: 1 });
  }
  return {
    plan: encodeSigned(signedOf({ body: row.planBody, sig: row.planSig })).toString('base64'),
    leaf: proof.leaf.toString('base64'),
    proof: proof.tlogProof.toString('utf8'),
  };
}

export async function signedManifest(deps: Pick<Deps, 'db'>, tenantRef: string, planHash: Buffer): Promise<Buffer> {
  const { row } = await attemptForTenant(deps.db.prisma, planHash, tenantRef);
  if (row.phase !== 'released') throw notReleased();
  return encodeSigned(signedOf({ body: row.manifestBody!, sig: row.manifestSig }));
}

/** Chunk of the published sum; nothing is shown before the manifest is signed. */
export async function aggregateChunk(
  deps: Pick<Deps, 'db' | 'artifacts'>,
  tenantRef: string,
  { planHash, segment, chunk }: { planHash: Buffer; segment: number; chunk: number },
): Promise<Buffer> {
  const { row } = await attemptForTenant(deps.db.prisma, planHash, tenantRef);
  const place = { attemptId: row.id, segment, chunk };
  const sum = await deps.db.prisma.sumChunk.findUnique({ where: { attemptId_segment_chunk: place } });
  if (row.phase !== 'released' || !sum?.digest) throw notReleased();
  return deps.artifacts.get(sum.digest);
}

function notReleased(): CoordinatorError {
  return new CoordinatorError('NOT_FOUND', 'This attempt has not released a sum.');
}
