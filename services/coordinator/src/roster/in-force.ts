import { parseRoster, type Roster } from '@sumveil/secagg';
import type { Tx } from '../db/client.ts';
import { CoordinatorError } from '../error.ts';

/** Highest epoch that its quorum has put in force, or undefined before epoch 1 (governance section 5, epochs). */
export async function rosterInForce(tx: Tx): Promise<Roster | undefined> {
  const row = await tx.roster.findFirst({ where: { effectiveAt: { not: null } }, orderBy: { epoch: 'desc' } });
  return row ? parseRoster(row.body) : undefined;
}

/** @throws CoordinatorError ROSTER_NONE before epoch 1 is in force */
export async function requireRoster(tx: Tx): Promise<Roster> {
  const roster = await rosterInForce(tx);
  if (!roster) {
    throw new CoordinatorError(
      'ROSTER_NONE',
      'No roster is in force: publish one and have every member compare and pin it.',
    );
  }
  return roster;
}

/** The roster that a plan or grant names; an attempt ends under the roster it began with. */
export async function rosterByHash(tx: Tx, hash: Uint8Array): Promise<Roster> {
  const row = await tx.roster.findUniqueOrThrow({ where: { hash: Uint8Array.from(hash) } });
  return parseRoster(row.body);
}
