import type { Deps } from '../../deps.ts';
import { CoordinatorError } from '../../error.ts';

type Reader = Pick<Deps, 'db' | 'log'>;

/** Newest checkpoint with the cosignatures it has: what anybody compares with anybody. */
export async function newestNote({ db, log }: Reader): Promise<Buffer> {
  const latest = await log.quorum.latest(db.prisma);
  if (!latest) throw absent('The log has no checkpoint yet; its first leaf makes one.');
  return latest.note;
}

export async function inclusionOf({ db, log }: Reader, index: bigint, size: bigint) {
  await requireSize({ db, log }, size);
  if (index >= size) throw absent(`A tree of ${size} leaves has no leaf ${index}; indices begin at 0.`);
  const leaf = await db.prisma.auditLeaf.findUniqueOrThrow({ where: { log_idx: { log: log.origin, idx: index } } });
  const proof = await log.proofs.inclusion(db.prisma, index, size);
  return {
    leafHash: Buffer.from(leaf.leafHash).toString('base64'),
    proof: proof.map((hash) => hash.toString('base64')),
  };
}

export async function consistencyBetween({ db, log }: Reader, from: bigint, to: bigint) {
  await requireSize({ db, log }, to);
  if (from === 0n || from > to)
    throw absent('A consistency proof leads from a size of at least 1 to one that is not smaller.');
  const proof = await log.proofs.consistency(db.prisma, from, to);
  return { proof: proof.map((hash) => hash.toString('base64')) };
}

/** tlog-proof of a leaf under the newest checkpoint with quorum. */
export async function proofOf({ db, log }: Reader, index: bigint): Promise<Buffer> {
  const checkpoint = await log.quorum.newest(db.prisma);
  if (!checkpoint || index >= checkpoint.size)
    throw absent('No checkpoint with quorum covers this leaf yet; ask again when the witnesses have answered.');
  return (await log.proofAt(db.prisma, index, checkpoint)).tlogProof;
}

async function requireSize({ db, log }: Reader, size: bigint): Promise<void> {
  const head = await db.prisma.auditHead.findUnique({ where: { log: log.origin }, select: { size: true } });
  if (size > (head?.size ?? 0n)) throw absent(`The log has ${head?.size ?? 0n} leaves, fewer than ${size}.`);
}

function absent(message: string): CoordinatorError {
  return new CoordinatorError('NOT_FOUND', message);
}
