import { SecaggError, unmaskChunk } from '@sumveil/secagg';
import { enqueue } from '../../outbox/enqueue.ts';
import type { RoundDeps } from './advance.ts';
import { failAttempt } from './phases/fail.ts';
import { sealedKeys } from './phases/recover.ts';
import { loadAttempt, lockAttempt } from './store.ts';

/**
 * Sums and unmasks one chunk (secure-aggregation section 20). Idempotent, in any order, on any worker: the inputs are
 * fixed rows, the output is named by its content, and the row is written once.
 */
export async function sumChunk(deps: RoundDeps, ref: string): Promise<void> {
  const [attemptId, segmentText, chunkText] = ref.split('/');
  const [segment, chunk] = [Number(segmentText), Number(chunkText)];
  const attempt = await loadAttempt(deps.db.prisma, attemptId!);
  if (attempt.row.phase !== 'summing') return;
  const place = { attemptId: attempt.row.id, segment, chunk };
  const todo = await deps.db.prisma.sumChunk.findUnique({ where: { attemptId_segment_chunk: place } });
  if (!todo || todo.digest) return;
  const { keys, u3 } = await sealedKeys(deps, attempt);
  const rows = await deps.db.prisma.chunk.findMany({ where: { ...place, idx: { in: u3 } } });
  const digests = new Map(rows.map((row) => [row.idx, row.digest]));
  const sum = await unmaskOrQuarantine(deps, attempt.row.id, () =>
    unmaskChunk({
      plan: attempt.plan,
      segment,
      chunk,
      keys,
      u3,
      chunkOf: (idx) => deps.artifacts.get(requireDigest(digests, idx)),
    }),
  );
  if (!sum) return;
  const { digest } = await deps.artifacts.put(sum.bytes, { maxBytes: sum.bytes.length });
  await deps.db.transaction(async (tx) => {
    const locked = await lockAttempt(tx, place.attemptId, 'update');
    if (locked.row.phase !== 'summing') return;
    await tx.sumChunk.updateMany({ where: { ...place, digest: null }, data: { digest } });
    const open = await tx.sumChunk.count({ where: { attemptId: place.attemptId, digest: null } });
    if (open === 0)
      await enqueue(tx, { topic: 'attempt.advance', ref: place.attemptId, dedupe: `summed:${place.attemptId}` });
  });
}

function requireDigest(digests: ReadonlyMap<number, string>, idx: number): string {
  const digest = digests.get(idx);
  if (!digest) throw new SecaggError('RECOVERY', `chunk of tenant ${idx} is missing; without it nothing is released`);
  return digest;
}

/** A sum outside its range cannot come from honest inputs: it is never shown (section 19, fault F22). */
async function unmaskOrQuarantine<T>(
  deps: RoundDeps,
  attemptId: string,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SecaggError) || error.code !== 'OUT_OF_RANGE') throw error;
    await deps.db.transaction(async (tx) => {
      const attempt = await lockAttempt(tx, attemptId, 'update');
      if (attempt.row.phase !== 'summing') return;
      await failAttempt(deps, tx, attempt, 'OUT_OF_RANGE');
      await enqueue(tx, { topic: 'round.open', ref: attempt.row.runId, dedupe: `after:${attemptId}` });
    });
    return undefined;
  }
}
