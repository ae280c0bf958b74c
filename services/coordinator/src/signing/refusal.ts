import { dedupeKey, type Leaf } from '@sumveil/transparency';
import type { Tx } from '../db/client.ts';
import type { LeafLog } from '../deps.ts';

/** Why the signer does not sign. Closed: each says which of its own checks failed, never a value. */
export type RefusalCode =
  | 'BODY_DIFFERS'
  | 'UNKNOWN_SUBJECT'
  | 'FORMAT'
  | 'ROSTER'
  | 'APPROVALS'
  | 'COHORT'
  | 'POLICY'
  | 'PLAN_DIFFERS'
  | 'LIST_DIFFERS'
  | 'TOO_FEW'
  | 'SECRETS'
  | 'CHARGE'
  | 'TOKEN'
  | 'SERIAL'
  | 'LIFE'
  | 'CSR'
  | 'PROOF'
  | 'REVOKED'
  | 'CROSS_CHECK'
  | 'FILES'
  | 'QUORUM'
  | 'FROZEN';

export type Answer = { readonly sign: Uint8Array } | { readonly refuse: RefusalCode };

/** Nothing is wrong, but a leaf is not sequenced or not under quorum yet; the request is looked at again. */
export interface Wait {
  readonly wait: 'sequencer' | 'quorum';
}

export type Outcome = Answer | Wait;

export const refuse = (code: RefusalCode): { readonly refuse: RefusalCode } => ({ refuse: code });

/** Leaf `sign.refused`, once for each kind, subject and code. */
export async function recordRefusal(
  tx: Tx,
  log: Pick<LeafLog, 'appendLeaf' | 'hasLeaf'>,
  o: { kind: string; subject: string; code: RefusalCode },
): Promise<void> {
  const actor = { kind: 'service', ref: 'signer', via: 'check' } as const;
  const leaf = { type: 'sign.refused', actor, ...o } as const;
  if (!(await log.hasLeaf(tx, dedupeKey(leaf as unknown as Leaf)))) await log.appendLeaf(tx, leaf);
}
