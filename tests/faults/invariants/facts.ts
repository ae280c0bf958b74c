import type { Tenant } from '@sumveil/constellation';
import type { Rows } from '../../stories/rows.ts';

/** What the invariants are read from. */
export interface Facts {
  readonly rows: Rows;
  readonly runIds: readonly string[];
  /** Folder of the artifact store. */
  readonly artifacts: string;
  readonly tenants: readonly Tenant[];
}

/** A query whose rows are faults: each names itself in a column `fault`. */
export async function faultsOf(facts: Facts, invariant: string, sql: string): Promise<string[]> {
  const found = await facts.rows.all<{ fault: string }>(sql, [facts.runIds]);
  return found.map(({ fault }) => `${invariant}: ${fault}`);
}
