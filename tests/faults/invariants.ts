import type { World } from '@sumveil/constellation';
import type { Rows } from '../stories/rows.ts';
import { artifactFaults } from './invariants/artifacts.ts';
import { connectorFaults } from './invariants/connectors.ts';
import { deliveryFaults } from './invariants/delivery.ts';
import { endFaults } from './invariants/ends.ts';
import type { Facts } from './invariants/facts.ts';
import { leafFaults } from './invariants/leaves.ts';
import { ledgerFaults } from './invariants/ledger.ts';
import { modelFaults } from './invariants/models.ts';
import { updateFaults } from './invariants/updates.ts';
import { writerFaults } from './invariants/writers.ts';

/** One check of each invariant of governance.md section 9; a fault begins with the invariant's name. */
const checks: readonly ((facts: Facts) => Promise<string[]>)[] = [
  deliveryFaults,
  updateFaults,
  connectorFaults,
  modelFaults,
  ledgerFaults,
  leafFaults,
  writerFaults,
  artifactFaults,
  endFaults,
];

/**
 * Reads database, artifact store, log and the connectors' own records and lists what breaks I1 to I8.
 *
 * @param runIds default: every run there is
 */
export async function findFaults(world: World, rows: Rows, o: { runIds?: readonly string[] } = {}): Promise<string[]> {
  const runIds = o.runIds ?? (await rows.all<{ id: string }>('SELECT id FROM run')).map(({ id }) => id);
  const facts: Facts = { rows, runIds, artifacts: world.folders.artifacts, tenants: world.tenants };
  const faults: string[] = [];
  // One after the other: they share a connection.
  for (const check of checks) faults.push(...(await check(facts)));
  return faults;
}

/** @throws Error that lists every broken invariant */
export async function checkInvariants(world: World, rows: Rows, o: { runIds?: readonly string[] } = {}): Promise<void> {
  // One snapshot: rounds may go on meanwhile.
  await rows.all('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const faults = await findFaults(world, rows, o).finally(() => rows.all('COMMIT'));
  if (faults.length > 0) throw new Error(`broken invariants:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
}
