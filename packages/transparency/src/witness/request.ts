import { parseHash, parseSafeDecimal } from '../decimal.ts';
import { TransparencyError } from '../error.ts';

/** C2SP tlog-witness: no proof in a tree below 2^63 leaves is longer. */
const MAX_PROOF_LINES = 63;
const MAX_BYTES = 256 * 1024;

export interface AddCheckpoint {
  /** Size that the witness is thought to have. */
  readonly old: number;
  readonly proof: readonly Buffer[];
  readonly note: Buffer;
}

/** Body of add-checkpoint: `old N`, proof lines, blank line, note. */
export function addCheckpointBody(request: { old: number; proof: readonly Uint8Array[]; note: Uint8Array }): Buffer {
  const proof = request.proof.map((hash) => `${Buffer.from(hash).toString('base64')}\n`).join('');
  return Buffer.concat([Buffer.from(`old ${request.old}\n${proof}\n`), request.note]);
}

/** @throws TransparencyError when malformed */
export function parseAddCheckpoint(body: Uint8Array): AddCheckpoint {
  if (body.length > MAX_BYTES) throw new TransparencyError('PROOF', 'request exceeds 256 KiB');
  const bytes = Buffer.from(body);
  const blank = bytes.indexOf('\n\n');
  if (blank < 0) throw new TransparencyError('PROOF', 'request has no blank line before its note');
  const [first, ...proof] = bytes.subarray(0, blank).toString('latin1').split('\n');
  if (!first!.startsWith('old ')) throw new TransparencyError('PROOF', 'request does not begin with the old size');
  if (proof.length > MAX_PROOF_LINES) throw new TransparencyError('PROOF', 'request has more than 63 proof lines');
  return {
    old: parseSafeDecimal(first!.slice('old '.length)),
    proof: proof.map((line) => parseHash(line, 'PROOF')),
    note: bytes.subarray(blank + 2),
  };
}
