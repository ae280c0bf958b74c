import { fromBase64url, parseBody, WireError } from '@sumveil/wire';
import { z } from 'zod';
import { SecaggError } from '../error.ts';

/** Base64url text of exactly `length` bytes, with zero unused bits (section 5). */
export function bytesField(length: number) {
  return z.string().refine((text) => isBase64url(text, length), `base64url of ${length} bytes`);
}

export const hashField = bytesField(32);
export const keyField = bytesField(32);
export const idxField = z.int().min(1).max(65535);

/** Integer of any size as a decimal string without leading zeros. */
export const decimalField = z.string().regex(/^(0|[1-9][0-9]{0,38})$/);

/** Roster indices, ascending, at most the largest cohort. */
export const idxList = z
  .array(idxField)
  .max(1000)
  .refine((list) => isAscending(list), 'ascending indices');

export const jobIdField = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);

/** base64url of 32 zero bytes: `retryOf`, `prevManifest` and `prevRoster` when there is none. */
export const ZERO_HASH: string = 'A'.repeat(43);

export function isAscending(list: readonly number[]): boolean {
  return list.every((value, i) => i === 0 || list[i - 1]! < value);
}

/** Decodes a field that its schema has checked already. */
export function decodeField(text: string): Buffer {
  return Buffer.from(text, 'base64url');
}

/**
 * Body to value: size, canonical form, then the strict schema.
 *
 * @throws SecaggError `FORMAT`
 */
export function parseMessage<T>(schema: z.ZodType<T>, body: Uint8Array): T {
  let value: unknown;
  try {
    value = parseBody(body);
  } catch (error) {
    if (error instanceof WireError) throw new SecaggError('FORMAT', error.message);
    throw error;
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new SecaggError('FORMAT', schemaFault(parsed.error));
  return parsed.data;
}

/** First fault with its path, without any value. */
export function schemaFault(error: z.ZodError): string {
  const issue = error.issues[0]!;
  return `field ${issue.path.join('.') || '(whole)'}: ${issue.message}`;
}

function isBase64url(text: string, length: number): boolean {
  if (text.length !== Math.ceil((length * 4) / 3)) return false;
  try {
    return fromBase64url(text).byteLength === length;
  } catch {
    return false;
  }
}
