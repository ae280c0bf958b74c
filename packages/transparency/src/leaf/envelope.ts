import { z } from 'zod';
import { code, count, digest, id, name, ticket, timestamp } from './fields.ts';

/** Fields that every leaf may carry (governance section 5). `run` and `runSeq` come together or not at all. */
export const envelope = {
  v: z.literal(1),
  id: z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/, 'expected a UUIDv7'),
  /** Database clock, UTC, ms. */
  time: timestamp,
  actor: z.strictObject({ kind: z.enum(['person', 'connector', 'service']), ref: name, via: code }),
  run: id.optional(),
  runSeq: z.int().min(1).optional(),
  round: z.int().min(1).optional(),
  attempt: z.int().min(0).max(255).optional(),
  epoch: count.optional(),
  approvals: z.array(ticket).max(4000).optional(),
  bundle: digest.optional(),
  decisionId: id.optional(),
  digests: z.record(z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,63}$/), digest).optional(),
};

export const ofRun = { run: id, runSeq: z.int().min(1) };
export const ofAttempt = { ...ofRun, round: z.int().min(1), attempt: z.int().min(0).max(255) };

export interface EventSpec<S extends z.ZodRawShape> {
  readonly fields: S;
  /** Fields that make this event happen once; `id` where the same thing may rightly happen again. */
  readonly key: readonly string[];
}

/** An event type's fields besides the envelope, and its dedupe key: type + entity + step. */
export function event<S extends z.ZodRawShape>(
  fields: S,
  ...key: readonly (keyof S | keyof typeof envelope)[]
): EventSpec<S> {
  return { fields, key: key.map(String) };
}
