import type { Tx } from '../../db/client.ts';

/**
 * Members of an attempt that have said they will answer nothing more of it: by a signed `abort`, or because their gate has
 * refused it. Nobody waits for them, however present their connector is.
 */
export async function goneFrom(tx: Tx, attemptId: string, expected: readonly number[]): Promise<Set<number>> {
  const idx = { in: [...expected] };
  const aborts = await tx.message.findMany({ where: { attemptId, kind: 'abort', late: false, idx } });
  const refusals = await tx.gateRefusal.findMany({ where: { attemptId }, select: { tenantRef: true } });
  const refused = await tx.tenant.findMany({
    where: { ref: { in: refusals.map(({ tenantRef }) => tenantRef) }, idx },
    select: { idx: true },
  });
  return new Set([...aborts, ...refused].map((one) => one.idx));
}
