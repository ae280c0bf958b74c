import { canonicalBytes, parseCanonical } from '@sumveil/wire';
import { z } from 'zod';
import { TransparencyError } from '../error.ts';
import { type EventSpec, envelope } from './envelope.ts';
import { modelEvents } from './model-events.ts';
import { logEvents, operationEvents } from './operation-events.ts';
import { grantEvents, runEvents } from './run-events.ts';
import { scheduleEvents } from './schedule-events.ts';
import { planEvents, tenantEvents } from './tenant-events.ts';

/** Every event type of governance section 5 with its fields and its dedupe key. */
export const events = {
  ...tenantEvents,
  ...planEvents,
  ...grantEvents,
  ...runEvents,
  ...scheduleEvents,
  ...modelEvents,
  ...logEvents,
  ...operationEvents,
};
export type EventType = keyof typeof events;

type Fields<T extends EventType> = (typeof events)[T]['fields'];
export type LeafOf<T extends EventType> = z.infer<z.ZodObject<typeof envelope>> & { type: T } & z.infer<
    z.ZodObject<Fields<T>>
  >;
/** One leaf; `type` tells which. */
export type Leaf = { [T in EventType]: LeafOf<T> }[EventType];

/** A tile entry holds at most 65,535 bytes; we stop far earlier. */
export const MAX_LEAF_BYTES = 16 * 1024;

const schemas = new Map<string, z.ZodType>(
  Object.entries(events).map(([type, spec]: [string, EventSpec<z.ZodRawShape>]) => [
    type,
    z
      .strictObject({ ...envelope, type: z.literal(type), ...spec.fields })
      .refine((leaf) => (leaf.run === undefined) === (leaf.runSeq === undefined), 'run and runSeq come together'),
  ]),
);

/**
 * RFC 8785 bytes of a leaf, as they are stored and hashed. The schema comes first, because a canonicaliser drops
 * `undefined` and calls `toJSON`.
 *
 * @throws TransparencyError `LEAF` for an unknown type, a missing, extra or wrong field, or more than 16 KiB
 */
export function encodeLeaf(leaf: Leaf): Buffer {
  const bytes = canonicalBytes(checked(leaf));
  if (bytes.length > MAX_LEAF_BYTES) throw new TransparencyError('LEAF', `leaf ${leaf.type} exceeds 16 KiB`);
  return bytes;
}

/** @throws TransparencyError `LEAF` unless these are exactly the bytes that {@link encodeLeaf} would write */
export function parseLeaf(bytes: Uint8Array): Leaf {
  if (bytes.length > MAX_LEAF_BYTES) throw new TransparencyError('LEAF', 'leaf exceeds 16 KiB');
  let value: unknown;
  try {
    value = parseCanonical(bytes);
  } catch {
    throw new TransparencyError('LEAF', 'leaf is not canonical JSON');
  }
  return checked(value);
}

function checked(value: unknown): Leaf {
  const type = (value as { type?: unknown } | null)?.type;
  const schema = typeof type === 'string' ? schemas.get(type) : undefined;
  if (!schema) throw new TransparencyError('LEAF', 'leaf is of no known type');
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data as Leaf;
  throw new TransparencyError('LEAF', `leaf ${type} is not valid: ${z.prettifyError(parsed.error)}`);
}

/**
 * What may be in the log once: type + entity + step, recomputable from the leaf, so a checker can find a doubled change
 * without the table that prevented it.
 */
export function dedupeKey(leaf: Leaf): string {
  const values = leaf as unknown as Record<string, string | number | undefined>;
  return JSON.stringify([leaf.type, ...events[leaf.type].key.map((field) => values[field] ?? null)]);
}

export function isEvent<T extends EventType>(leaf: Leaf, type: T): leaf is LeafOf<T> & Leaf {
  return leaf.type === type;
}
