import type { KeyObject } from 'node:crypto';
import { canonicalBytes, parseRoster } from '@sumveil/wire';
import * as layout from '../bundle/layout.ts';
import { leavesFile } from '../bundle/leaves.ts';
import { lineageOf } from '../bundle/lineage.ts';
import { type BundlePredicate, sealBundle } from '../bundle/statement.ts';
import { encodeLeaf } from '../leaf/leaf.ts';
import { checkpointText, signCheckpoint } from '../note/checkpoint.ts';
import { cosignLine } from '../note/cosignature.ts';
import { addLines } from '../note/note.ts';
import { witnessName } from '../note/roster-keys.ts';
import { formatTlogProof } from '../proof/tlog-proof.ts';
import { MemoryTree } from '../tree/memory-tree.ts';
import { keys, MODEL, RUN, TENANTS } from './cast.ts';
import { modelAfter } from './plan-story.ts';
import type { Draft } from './teller.ts';

export interface SealOptions {
  readonly reportKey?: KeyObject;
  readonly logKey?: KeyObject;
  /** Tenants whose witnesses cosign; all by default. */
  readonly cosigners?: readonly number[];
  /** Size of an older checkpoint under which the first leaves are proven; 0 for none. */
  readonly olderSize?: number;
  /** Last look at the files, log included, before they are sealed. */
  readonly touch?: (
    files: Map<string, Uint8Array>,
    tools: { note: (size: number, root: Buffer) => Buffer; tree: MemoryTree },
  ) => void;
  readonly predicate?: Partial<BundlePredicate>;
}

/** Leaves of other runs lie before and between: bundles never hold a whole log. */
const STRANGERS = 3;

/** Hashes the leaves into a log, has it cosigned, proves every leaf and seals the bundle. */
export function sealDraft(draft: Draft, options: SealOptions = {}): Buffer {
  const files = new Map(draft.files);
  const tree = new MemoryTree();
  const leaves = draft.leaves.map((leaf) => {
    for (let i = 0; i < STRANGERS; i++) tree.append(Buffer.from(`stranger ${tree.size}`));
    return { idx: tree.append(encodeLeaf(leaf)), leaf };
  });
  const { logOrigin: origin } = parseRoster(draft.rosterBody);
  const note = (size: number, root: Buffer) => {
    const text = checkpointText({ origin, size, root });
    const lines = (options.cosigners ?? TENANTS.map((_, i) => i)).map((i) =>
      cosignLine(text, witnessName(origin, TENANTS[i]!), keys.witness(i), 1_790_000_000 + i),
    );
    return addLines(signCheckpoint({ origin, size, root }, options.logKey ?? keys.log), lines);
  };
  const older = options.olderSize ?? 0;
  const newest = note(tree.size, tree.root());
  files.set(layout.CHECKPOINT_FILE, newest);
  files.set(layout.LEAVES_FILE, leavesFile(leaves));
  for (const { idx } of leaves) {
    const size = idx < older ? older : tree.size;
    const under = size === tree.size ? newest : note(size, tree.root(size));
    files.set(layout.proofFile(idx), formatTlogProof({ index: idx, proof: tree.inclusion(idx, size), note: under }));
  }
  if (older > 0) {
    const proof = tree.consistency(older).map((hash) => `${hash.toString('base64')}\n`);
    files.set(layout.consistencyFile(older), Buffer.from(proof.join('')));
  }
  const predicate: BundlePredicate = {
    ...{ v: 1, model: MODEL, version: 2, modelDigest: modelAfter(2), runs: [RUN] },
    asOf: { size: tree.size, root: `sha256:${tree.root().toString('hex')}` },
    ...options.predicate,
  };
  files.set(layout.LINEAGE_FILE, canonicalBytes(lineageOf(leaves, predicate)));
  options.touch?.(files, { note, tree });
  return sealBundle(files, { reportKey: options.reportKey ?? keys.report, predicate });
}
