import { assembleProof, consistencyPlan, inclusionPlan, nodesOf, type ProofPlan } from '@sumveil/transparency';
import type { Tx } from '../db/client.ts';
import { createTileReader } from './tiles.ts';

export interface Proofs {
  /** Hashes from the leaf upwards (RFC 6962 section 2.1.1); 0 ≤ index < size, size at most that of the stored tree. */
  inclusion(tx: Tx, index: bigint, size: bigint): Promise<Buffer[]>;
  /** RFC 6962 section 2.1.2; 1 ≤ from ≤ to. */
  consistency(tx: Tx, from: bigint, to: bigint): Promise<Buffer[]>;
}

/** Proofs from the stored leaf hashes and tiles. */
export function createProofs(log: string): Proofs {
  const tiles = createTileReader(log);

  async function prove(tx: Tx, plan: ProofPlan): Promise<Buffer[]> {
    const hashes: Buffer[] = [];
    for (const ref of nodesOf(plan)) hashes.push(await tiles.node(tx, ref));
    return assembleProof(plan, hashes);
  }

  return {
    inclusion: (tx, index, size) => prove(tx, inclusionPlan(index, size)),
    consistency: (tx, from, to) => prove(tx, consistencyPlan(from, to)),
  };
}
