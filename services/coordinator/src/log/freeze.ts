import type { Tx } from '../db/client.ts';

/**
 * A witness saw two histories (governance.md section 5): the leaf that says so is the freeze. It ends only with a new log
 * origin, which people approve.
 */
export async function isFrozen(tx: Tx, log: string): Promise<boolean> {
  const row = await tx.auditDedupe.findFirst({
    where: { log, key: { startsWith: '["witness.fork_detected"' } },
    select: { key: true },
  });
  return row !== null;
}
