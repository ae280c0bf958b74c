import { SecaggError } from '../error.ts';
import { chunkLayout, eachChunk } from '../plan/chunks.ts';
import type { RoundPlan } from '../plan/plan.ts';
import { chunkLeaf } from './leaves.ts';
import { treeRoot } from './tree.ts';

/**
 * Root over all chunks of an upload (`chunkRoot`) or of the aggregate (`aggRoot`).
 *
 * @param hashes SHA-256 of the packed bytes of each chunk, in order of segment, then chunk
 * @throws SecaggError `CHUNK` when their number is not the plan's
 */
export function chunkRoot(plan: RoundPlan, hashes: readonly Uint8Array[]): Buffer {
  if (hashes.length !== chunkLayout(plan).total) {
    throw new SecaggError('CHUNK', 'Not all chunks of the plan are there. Upload the missing ones.');
  }
  const leaves: Buffer[] = [];
  for (const { segment, chunk } of eachChunk(plan)) leaves.push(chunkLeaf(segment, chunk, hashes[leaves.length]!));
  return treeRoot(leaves);
}
