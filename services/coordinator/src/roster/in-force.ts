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

/** Epochs in use at once are few; a hash never stands for another body. */
const KEPT = 8;
const known = new Map<string, Roster>();

/** The roster that a plan or grant names; an attempt ends under the roster it began with. */
export async function rosterByHash(tx: Tx, hash: Uint8Array): Promise<Roster> {
  const name = Buffer.from(hash).toString('base64url');
  const before = known.get(name);
  if (before) return before;
  const row = await tx.roster.findUniqueOrThrow({ where: { hash: Uint8Array.from(hash) } });
  const roster = parseRoster(row.body);
  if (!roster.rosterHash.equals(hash)) throw new RangeError(`the roster row ${name} holds a body with another hash`);
  known.set(name, roster);
  if (known.size > KEPT) known.delete(known.keys().next().value!);
  return roster;
}
