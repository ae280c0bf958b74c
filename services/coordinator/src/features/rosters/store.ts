import type { Tx } from '../../db/client.ts';
import { CoordinatorError } from '../../error.ts';
import type { Roster } from '../../generated/prisma/client.ts';

/** Newest published roster, in force or not. */
export async function newest(tx: Tx): Promise<Roster> {
  const row = await tx.roster.findFirst({ orderBy: { epoch: 'desc' } });
  if (!row)
    throw new CoordinatorError(
      'ROSTER_NONE',
      'No roster is published yet: the platform operator drafts and publishes one when the connectors have enrolled.',
    );
  return row;
}
