import { type Roster, strictBase64 } from '@sumveil/wire';
import { parseHash, parseSafeDecimal } from '../decimal.ts';
import { TransparencyError } from '../error.ts';
import { type Cosigner, type Quorum, requireQuorum } from '../note/quorum.ts';
import { leafHash } from '../tree/hash.ts';
import { verifyInclusion } from '../tree/verify.ts';

const HEADER = 'c2sp.org/tlog-proof@v1';
const MAX_BYTES = 256 * 1024;
const MAX_PROOF_LINES = 63;

/** C2SP tlog-proof: one leaf's way up to a cosigned checkpoint, in one file. */
export interface TlogProof {
  readonly index: number;
  readonly proof: readonly Buffer[];
  /** Checkpoint note with all its signatures. */
  readonly note: Buffer;
  /** Unauthenticated; never trust it. */
  readonly extra?: Buffer;
}

export function formatTlogProof(file: {
  index: number;
  proof: readonly Uint8Array[];
  note: Uint8Array;
  extra?: Uint8Array;
}): Buffer {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  const extra = file.extra === undefined ? '' : `extra ${base64(file.extra)}\n`;
  const hashes = file.proof.map((hash) => `${base64(hash)}\n`).join('');
  return Buffer.concat([Buffer.from(`${HEADER}\n${extra}index ${file.index}\n${hashes}\n`), file.note]);
}

/** @throws TransparencyError `PROOF` or `NUMBER` */
export function parseTlogProof(bytes: Uint8Array): TlogProof {
  if (bytes.length > MAX_BYTES) throw new TransparencyError('PROOF', 'proof file exceeds 256 KiB');
  const all = Buffer.from(bytes);
  const blank = all.indexOf('\n\n');
  if (blank < 0) throw new TransparencyError('PROOF', 'proof file has no blank line before its checkpoint');
  const lines = all.subarray(0, blank).toString('latin1').split('\n');
  if (lines.shift() !== HEADER) throw new TransparencyError('PROOF', `proof file does not begin with ${HEADER}`);
  const extra = lines[0]?.startsWith('extra ') ? parseExtra(lines.shift()!) : undefined;
  const index = lines.shift();
  if (!index?.startsWith('index ')) throw new TransparencyError('PROOF', 'proof file names no index');
  if (lines.length > MAX_PROOF_LINES) throw new TransparencyError('PROOF', 'proof file has more than 63 hashes');
  return {
    index: parseSafeDecimal(index.slice('index '.length)),
    proof: lines.map((line) => parseHash(line, 'PROOF')),
    note: all.subarray(blank + 2),
    ...(extra ? { extra } : {}),
  };
}

function parseExtra(line: string): Buffer {
  try {
    return strictBase64(line.slice('extra '.length));
  } catch {
    throw new TransparencyError('PROOF', 'extra data is not canonical base64');
  }
}

export interface ProvenLeaf {
  readonly index: number;
  readonly size: number;
  readonly root: Buffer;
  readonly cosigners: readonly Cosigner[];
}

/**
 * The leaf is in the log, under a checkpoint that a quorum of this roster epoch's witnesses cosigned.
 *
 * @param leaf exact leaf bytes
 * @param options.minSize size this reader has cosigned or seen before: an older view is refused
 * @throws TransparencyError `PROOF`, `NUMBER`, `NOTE`, `SIGNATURE`, `CHECKPOINT`, `QUORUM`, `INCLUSION` or `STALE`
 */
export function verifyTlogProof(
  file: Uint8Array,
  leaf: Uint8Array,
  roster: Roster,
  options: { minSize?: number } = {},
): ProvenLeaf {
  const parsed = parseTlogProof(file);
  const quorum: Quorum = requireQuorum(parsed.note, roster);
  const { size, root } = quorum.checkpoint;
  requireInclusion(parsed, leaf, { size, root });
  if (size < (options.minSize ?? 0))
    throw new TransparencyError('STALE', `the checkpoint has size ${size}; size ${options.minSize} was seen before`);
  return { index: parsed.index, size, root, cosigners: quorum.cosigners };
}

/** Only the way up, for callers that judge signatures and quorum by themselves. @throws TransparencyError `INCLUSION` */
export function requireInclusion(file: TlogProof, leaf: Uint8Array, tree: { size: number; root: Uint8Array }): void {
  const { index, proof } = file;
  if (!verifyInclusion({ index, proof, ...tree, leafHash: leafHash(leaf) }))
    throw new TransparencyError('INCLUSION', `these bytes are not leaf ${index} of the tree of size ${tree.size}`);
}
