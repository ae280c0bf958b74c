import { z } from 'zod';

/**
 * Forms of the values that may leave a process (governance section 8). None of them has room for a key, token or seed of
 * 32 bytes in any common spelling, for a path, for text with spaces or for a fraction.
 */
const ref = z.string().regex(/^[a-z2-7]{16}$/);
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
/** A code of ours, of Node, Postgres or HTTP: `ROUND_CLOSED`, `ECONNREFUSED`, `40001`. */
const code = z.string().regex(/^[A-Z0-9][A-Z0-9_]{1,39}$/);
const word = z.string().regex(/^[A-Za-z][A-Za-z0-9._-]{0,31}$/);
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const id = z.union([z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,31}$/), z.string().regex(uuid)]);
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
/** Log sizes may come as a number, a bigint or decimal text. */
const size = z
  .union([count, z.bigint().min(0n), z.string().regex(/^(0|[1-9]\d{0,19})$/)])
  .transform((value) => String(value));
/** People are not counted below the smallest cohort that any policy allows. */
const cohortCount = count.min(3);
const milliseconds = z.number().min(0).transform(Math.round);
/** Rounded up to a power of two: an exact size can tell a sample count. */
const bytes = count.transform((value) => (value <= 1 ? value : 2 ** Math.ceil(Math.log2(value))));
/** A template such as `/v1/runs/:run/rounds`; a segment that is neither a short word nor a parameter is a value. */
const route = z.string().regex(/^(\/(:[A-Za-z]{1,24}|\{[A-Za-z]{1,24}\}|\*|[a-z][a-z0-9._-]{0,23})?){1,10}$/);
const status = z.number().int().min(100).max(599);
const port = z.number().int().min(0).max(65_535);
const version = z.string().regex(/^\d{1,4}\.\d{1,4}\.\d{1,4}(-[a-z0-9.]{1,16})?$/);
const serial = z.string().regex(/^[4-7][0-9A-F]{31}$/);
const correlation = z.string().regex(/^([0-9a-f]{16}|[0-9a-f]{32})$/);

/** Every field name that exists, with its form. */
export const fields = {
  answered: cohortCount,
  attempt: count,
  bytes,
  code,
  correlation,
  cosignatures: count,
  digest,
  durationMs: milliseconds,
  epoch: count,
  field: count,
  grantDigest: digest,
  holderEpoch: count,
  inFlight: count,
  job: word,
  kind: word,
  listener: word,
  members: cohortCount,
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']),
  missed: count,
  oldestMs: milliseconds,
  outcome: word,
  phase: word,
  planHash: digest,
  port,
  queue: word,
  reason: word,
  root: digest,
  round: count,
  route,
  run: id,
  schedule: id,
  serial,
  size,
  sockets: count,
  status,
  survivors: cohortCount,
  task: word,
  taskId: id,
  tenantRef: ref,
  topic: word,
  tries: count,
  version,
  waiting: count,
} satisfies Record<string, z.ZodType>;

export type FieldName = keyof typeof fields;
export type FieldInput<F extends FieldName> = z.input<(typeof fields)[F]>;

/** The printable form of a value, or undefined for a name that is no field or a value that lacks its form. Never throws. */
export function serialise(name: string, value: unknown): string | number | undefined {
  const parsed = Object.hasOwn(fields, name) ? fields[name as FieldName].safeParse(value) : undefined;
  return parsed?.success ? parsed.data : undefined;
}
