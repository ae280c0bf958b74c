import type { KeyObject } from 'node:crypto';
import { type Checkpoint, openCheckpoint, peekCheckpoint } from '../note/checkpoint.ts';
import { cosignLine } from '../note/cosignature.ts';
import { noteText } from '../note/note.ts';
import type { VerifierKey } from '../note/verifier-key.ts';
import { EMPTY_ROOT } from '../tree/hash.ts';
import { verifyConsistency } from '../tree/verify.ts';
import { type AddCheckpoint, parseAddCheckpoint } from './request.ts';

/** Largest checkpoint cosigned so far; undefined before the first (trust on first use). */
export type WitnessState = { readonly size: number; readonly root: Uint8Array } | undefined;

export interface WitnessDeps {
  /** Keys of the log; two while members move to a roster with a new log key. */
  readonly logKeys: readonly VerifierKey[];
  readonly origin: string;
  readonly witness: { readonly name: string; readonly key: KeyObject };
  /** Unix seconds. */
  readonly now: number;
}

export interface WitnessAnswer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422;
  readonly body: Buffer;
  readonly contentType?: string;
  /** Commit this before the answer leaves, under one lock with reading the old one. */
  readonly state: WitnessState;
  /** A 422 under a valid log signature: the request bytes are evidence, keep them. */
  readonly fork: boolean;
}

/**
 * C2SP tlog-witness (text of 2026-07-06), pure. The log is the attacker here: nothing is cosigned that is not an
 * extension of what was cosigned before, whatever it claims to remember of us.
 */
export function witnessAdd(state: WitnessState, requestBody: Uint8Array, deps: WitnessDeps): WitnessAnswer {
  const refuse = (status: WitnessAnswer['status'], why: string): WitnessAnswer => ({
    status,
    body: Buffer.from(`${why}\n`),
    state,
    fork: status === 422,
  });
  let request: AddCheckpoint;
  let claimed: Checkpoint;
  try {
    request = parseAddCheckpoint(requestBody);
    claimed = peekCheckpoint(request.note);
  } catch {
    return refuse(400, 'malformed request');
  }
  if (claimed.origin !== deps.origin) return refuse(404, 'unknown log');
  try {
    openCheckpoint(request.note, { origin: deps.origin, keys: deps.logKeys });
  } catch {
    return refuse(403, 'no valid signature of the log');
  }
  if (request.old > claimed.size) return refuse(400, 'old size exceeds the checkpoint');
  const stored = state?.size ?? 0;
  if (request.old !== stored) return { ...refuse(409, `${stored}`), contentType: 'text/x.tlog.size' };
  const fault = growthFault(state, claimed, request.proof);
  if (fault) return refuse(422, fault);
  const text = noteText(request.note);
  return {
    status: 200,
    body: Buffer.from(cosignLine(text, deps.witness.name, deps.witness.key, deps.now)),
    state: { size: claimed.size, root: claimed.root },
    fork: false,
  };
}

function growthFault(state: WitnessState, to: Checkpoint, proof: readonly Uint8Array[]): string | undefined {
  if (to.size === 0 && !to.root.equals(EMPTY_ROOT)) return 'the empty tree has another root';
  if (!state || state.size === 0) return proof.length > 0 ? 'nothing to prove from size 0' : undefined;
  const claim = { size1: state.size, size2: to.size, root1: state.root, root2: to.root, proof };
  return verifyConsistency(claim) ? undefined : 'not consistent with what was cosigned before';
}
