import { checkChunk, chunkLayout, chunkShape, SecaggError } from '@sumveil/secagg';
import { digestOf } from '@sumveil/wire';
import type { Deps } from '../../deps.ts';
import { CoordinatorError } from '../../error.ts';
import type { Attempt } from '../../generated/prisma/client.ts';
import type { Sender } from './accept-message.ts';
import { keepRefused } from './keep-refused.ts';
import { attemptForTenant, requireList } from './store.ts';

/**
 * Takes one masked chunk. Length and padding are checked before anything is kept (fault F11); the bytes become visible by
 * the row alone, so a torn upload leaves nothing behind.
 */
export async function acceptChunk(
  deps: Deps,
  sender: Sender,
  place: { planHash: Buffer; segment: number; chunk: number },
  bytes: Buffer,
): Promise<{ digest: string; size: number }> {
  const { row, plan, idx } = await attemptForTenant(deps.db.prisma, place.planHash, sender.tenantRef);
  const { segment, chunk } = place;
  if (row.phase !== 'masked') throw closed(row.phase);
  const u2 = await requireList(deps.db.prisma, row.id, 'u2');
  if (!u2.members.includes(idx))
    throw new CoordinatorError('ROUND_CLOSED', 'This tenant is not in U2 of the attempt; it joins the next round.');
  const layout = chunkLayout(plan).segments.find((candidate) => candidate.segment === segment);
  if (!layout || chunk >= layout.chunks)
    throw new CoordinatorError('MESSAGE_REFUSED', `There is no chunk ${chunk} in segment ${segment} of this plan.`);
  try {
    checkChunk(plan, segment, chunk, bytes);
  } catch (error) {
    if (!(error instanceof SecaggError)) throw error;
    const expected = chunkShape(plan, segment, chunk).bytes;
    throw new CoordinatorError(
      'MESSAGE_REFUSED',
      `Chunk refused: ${bytes.length} bytes came, ${expected} were expected. Nothing was kept; send it again whole.`,
    );
  }
  const digest = digestOf(bytes);
  const where = { attemptId_idx_segment_chunk: { attemptId: row.id, idx, segment, chunk } };
  const known = await deps.db.prisma.chunk.findUnique({ where });
  if (known && known.digest !== digest) throw await otherContent(deps, sender, row, { idx, segment, chunk, digest });
  await deps.artifacts.put(bytes, { maxBytes: bytes.length, digest });
  // The attempt is share-locked until the row is committed: its phase cannot close in between.
  const written = await deps.db.statement(
    (tx) => tx.$executeRaw`
      INSERT INTO chunk (attempt_id, idx, segment, chunk, digest, size)
      SELECT id, ${idx}, ${segment}, ${chunk}, ${digest}, ${bytes.length} FROM attempt
      WHERE id = ${row.id}::uuid AND phase = 'masked' FOR SHARE ON CONFLICT DO NOTHING`,
  );
  const kept = written === 1 ? { digest } : await deps.db.prisma.chunk.findUnique({ where });
  if (!kept) throw closed('after masked');
  if (kept.digest !== digest) throw await otherContent(deps, sender, row, { idx, segment, chunk, digest });
  return { digest, size: bytes.length };
}

async function otherContent(
  deps: Deps,
  sender: Sender,
  row: Pick<Attempt, 'id' | 'runId' | 'round' | 'attempt'>,
  { idx, segment, chunk, digest }: { idx: number; segment: number; chunk: number; digest: string },
): Promise<CoordinatorError> {
  const body = Buffer.from(`${segment}/${chunk} ${digest}`);
  await keepRefused(deps, sender, row, { kind: 'other-chunk', idx, code: 'CONFLICT', body, leaf: true });
  return new CoordinatorError('CONFLICT', 'Another content was already accepted for this chunk; it counts.');
}

function closed(phase: string): CoordinatorError {
  return new CoordinatorError(
    'ROUND_CLOSED',
    `Chunks are not taken in phase ${phase}; an update belongs to one attempt only.`,
  );
}
