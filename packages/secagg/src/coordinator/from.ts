import type { z } from 'zod';
import { refuseUnless } from '../error.ts';
import { type Accepted, type Attempt, fromWire, openTenantMessage } from '../messages/open.ts';

/** Opens an upload and ties it to the transport identity that sent it. @throws SecaggError `FORMAT` or `REFUSED` */
export function openFrom<T extends { planHash: string; idx: number }>(
  type: string,
  schema: z.ZodType<T>,
  attempt: Attempt,
  from: number,
  bytes: Uint8Array,
): Accepted<T> {
  const accepted = openTenantMessage(type, schema, attempt, fromWire(bytes));
  refuseUnless(accepted.idx === from, `${from} sent a message of ${accepted.idx}`);
  return accepted;
}
