import { canonicalBytes, parseCanonical, splitLines } from '@sumveil/wire';
import { z } from 'zod';
import { TransparencyError } from '../error.ts';
import { type Leaf, parseLeaf } from '../leaf/leaf.ts';

export interface LoggedLeaf {
  readonly idx: number;
  readonly leaf: Leaf;
}

const line = z.strictObject({ idx: z.int().min(0), leaf: z.record(z.string(), z.unknown()) });

/** log/leaves.jsonl, ascending by index. */
export function leavesFile(leaves: readonly LoggedLeaf[]): Buffer {
  const sorted = leaves.toSorted((a, b) => a.idx - b.idx);
  return Buffer.concat(sorted.flatMap(({ idx, leaf }) => [canonicalBytes({ idx, leaf }), Buffer.from('\n')]));
}

/** @throws TransparencyError `LEAF` for a line in another form, a leaf that is not valid, or indices out of order */
export function parseLeavesFile(bytes: Uint8Array): LoggedLeaf[] {
  const leaves = splitLines(bytes).map((text, i) => {
    const parsed = line.safeParse(parseCanonical(text));
    if (!parsed.success) throw new TransparencyError('LEAF', `line ${i + 1} of the leaves is malformed`);
    return { idx: parsed.data.idx, leaf: parseLeaf(canonicalBytes(parsed.data.leaf)) };
  });
  for (const [i, { idx }] of leaves.entries())
    if (i > 0 && leaves[i - 1]!.idx >= idx) throw new TransparencyError('LEAF', 'leaves are not in ascending order');
  return leaves;
}
