import type { LoggedLeaf } from '@sumveil/transparency';
import { leavesOf } from './rounds.ts';

export interface DecisionRow {
  readonly action: string;
  readonly effect: string;
  readonly reasons: readonly string[];
  readonly bundle: string;
  /** The round that it let begin or let out; null for one about the run as a whole. */
  readonly round: number | null;
  readonly at: string;
  readonly leaf: number;
}

/** Decisions with the round they are about: a decision's own leaf names none, the leaf of the act names its decision. */
export function decisionsOf(leaves: readonly LoggedLeaf[]): DecisionRow[] {
  const rounds = new Map<string, number>();
  for (const { leaf } of leaves) {
    if (leaf.decisionId !== undefined && 'round' in leaf && typeof leaf.round === 'number')
      rounds.set(leaf.decisionId, leaf.round);
  }
  return leavesOf(leaves, 'policy.decided').map(({ idx, leaf }) => ({
    action: leaf.action,
    effect: leaf.effect,
    reasons: leaf.reasons,
    bundle: leaf.bundle,
    round: rounds.get(leaf.decisionId) ?? null,
    at: leaf.time,
    leaf: idx,
  }));
}
