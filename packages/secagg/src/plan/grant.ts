import { parseCanonical, WireError } from '@sumveil/wire';
import { z } from 'zod';
import { SecaggError } from '../error.ts';
import { jobIdField, schemaFault } from '../messages/fields.ts';

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const time = z.int().min(0);

/** The fields of a grant that a round plan depends on (`governance.md` section 3); signature and approvals are the gate's. */
const grantSchema = z.looseObject({
  v: z.literal(1),
  runId: jobIdField,
  planDigest: digest,
  codeDigest: digest,
  baseModelDigest: digest,
  cohort: z.looseObject({ min: z.int().min(2), members: z.array(z.string()).min(2).max(1000) }),
  deltaInv: z.int().min(1),
  epsilonTotalMicro: z.int().min(0),
  notBefore: time,
  expiresAt: time,
});
export type GrantFields = z.infer<typeof grantSchema>;

/** @param payload DSSE payload bytes. @throws SecaggError `PLAN` */
export function parseGrant(payload: Uint8Array): GrantFields {
  let value: unknown;
  try {
    value = parseCanonical(payload);
  } catch (error) {
    if (error instanceof WireError) throw new SecaggError('PLAN', `The grant is refused: ${error.message}.`);
    throw error;
  }
  const parsed = grantSchema.safeParse(value);
  if (!parsed.success) throw new SecaggError('PLAN', `The grant is refused: ${schemaFault(parsed.error)}.`);
  return parsed.data;
}
