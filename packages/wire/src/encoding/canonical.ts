import canonicalize from 'canonicalize';
import { WireError } from '../error.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** RFC 8785 form of a JSON value, as UTF-8 bytes. */
export function canonicalBytes(value: unknown): Buffer {
  const text = canonicalize(value);
  if (text === undefined) throw new WireError('CANONICAL', 'value has no JSON form');
  return Buffer.from(text, 'utf8');
}

/**
 * Parses JSON and refuses it unless it already is in RFC 8785 form: duplicate members, white space, order and other
 * spellings of one number all fail here, so one meaning has exactly one byte string.
 *
 * @throws WireError `CANONICAL`
 */
export function parseCanonical(bytes: Uint8Array): Json {
  if (isTooDeep(bytes)) throw new WireError('CANONICAL', 'nested too deep');
  let value: Json;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)) as Json;
  } catch {
    throw new WireError('CANONICAL', 'not UTF-8 JSON');
  }
  if (!canonicalBytes(value).equals(bytes)) throw new WireError('CANONICAL', 'not in RFC 8785 canonical form');
  return value;
}

/**
 * Body of a protocol message (secure-aggregation section 5): canonical JSON, restricted to objects, arrays, booleans,
 * safe integers and printable ASCII strings without `"` and `\`.
 *
 * @throws WireError `CANONICAL` (also for anything but an object) or `SIZE` (over 1 MiB, refused before parsing)
 */
export function parseBody(bytes: Uint8Array): Json {
  if (bytes.byteLength > 1 << 20) throw new WireError('SIZE', 'body exceeds 1 MiB');
  const value = parseCanonical(bytes);
  if (typeof value !== 'object' || Array.isArray(value)) throw new WireError('CANONICAL', 'a body is an object');
  assertBodyValue(value);
  return value;
}

/** Nothing on the wire nests nearly as deep; deeper input would exhaust the stack of whoever walks the value. */
const DEEPEST = 64;

/** Whether JSON text nests deeper than anything on the wire; to be asked before parsing. */
export function isTooDeep(bytes: Uint8Array): boolean {
  let depth = 0;
  let inText = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === QUOTE) inText = !inText;
    else if (inText && byte === BACKSLASH) i++;
    else if (!inText && (byte === OPEN_LIST || byte === OPEN_OBJECT)) depth++;
    else if (!inText && (byte === CLOSE_LIST || byte === CLOSE_OBJECT)) depth--;
    if (depth > DEEPEST) return true;
  }
  return false;
}

const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = Buffer.from('"\\[]{}');

function assertBodyValue(value: Json): void {
  if (typeof value === 'string') {
    assertText(value);
  } else if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || Object.is(value, -0))
      throw new WireError('CANONICAL', 'number is not a safe integer');
  } else if (value === null) {
    throw new WireError('CANONICAL', 'null is not allowed');
  } else if (Array.isArray(value)) {
    for (const item of value) assertBodyValue(item);
  } else if (typeof value === 'object') {
    for (const [key, member] of Object.entries(value)) {
      assertText(key);
      assertBodyValue(member);
    }
  }
}

function assertText(text: string): void {
  if (!/^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/.test(text))
    throw new WireError('CANONICAL', 'string holds a forbidden character');
}
