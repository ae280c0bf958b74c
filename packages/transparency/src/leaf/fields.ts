import { digest, hash32, ref, ticketId, timestamp } from '@sumveil/wire';
import { z } from 'zod';

export { digest, hash32, ref, timestamp };

/** An id of ours or a run's name. */
export const id = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);
/** A closed word: reason, outcome, code, kind. */
export const code = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);
/** Name of a thing in our own system (connector URI, resource, ledger): printable, no quotes, no spaces. */
export const name = z.string().regex(/^[!#-[\]-~]{1,200}$/);
export const serial = z.string().regex(/^[0-9A-F]{32}$/);
export const count = z.int().min(0);
export const index = z.int().min(1).max(65_535);
/** Unix seconds, of cosignatures. */
export const unixSeconds = z.int().min(0);
export const keyId = z.string().regex(/^([0-9a-f]{8}|SHA256:[0-9a-f]{64})$/);

/** An integer of any size up to 64 bits: a number while it is safe, beyond that a decimal string, never both. */
export const quantity = z.union([
  count,
  z
    .string()
    .regex(/^[1-9][0-9]{15,19}$/)
    .refine((text) => BigInt(text) > BigInt(Number.MAX_SAFE_INTEGER) && BigInt(text) < 1n << 64n, 'not beyond 2^53-1'),
]);

export const ticket = z.strictObject({ system: id, id: ticketId });
export const refs = z.array(ref).max(1000);
export const approverRole = z.enum(['data-steward', 'privacy-officer']);
export const subject = z.strictObject({
  kind: z.enum(['plan', 'promotion', 'rollback', 'policy-bundle', 'enrolment', 'key-ceremony']),
  digest,
});
export const phase = z.enum(['advertise', 'reveal', 'share', 'masked', 'consistency', 'unmask']);
