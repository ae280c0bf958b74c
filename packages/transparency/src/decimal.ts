import { strictBase64 } from '@sumveil/wire';
import { TransparencyError, type TransparencyErrorCode } from './error.ts';

const DECIMAL = /^(0|[1-9][0-9]{0,19})$/;

/**
 * A uint64 in its one spelling: `Number()` and `BigInt()` also take signs, spaces, hex and leading zeros, which would
 * give one number several texts.
 *
 * @throws TransparencyError `NUMBER`
 */
export function parseDecimal(text: string): bigint {
  if (!DECIMAL.test(text)) throw new TransparencyError('NUMBER', 'not a decimal number without leading zeros');
  const value = BigInt(text);
  if (value >= 1n << 64n) throw new TransparencyError('NUMBER', 'number exceeds 64 bits');
  return value;
}

/**
 * Size or index of our own log. Other logs may pass 2^53; ours refuses, so that no double ever rounds a position.
 *
 * @throws TransparencyError `NUMBER`
 */
export function parseSafeDecimal(text: string): number {
  const value = parseDecimal(text);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new TransparencyError('NUMBER', 'number exceeds 2^53-1');
  return Number(value);
}

/** Canonical base64 of exactly 32 bytes. @throws TransparencyError with the given code */
export function parseHash(text: string, code: TransparencyErrorCode): Buffer {
  let bytes: Buffer;
  try {
    bytes = strictBase64(text);
  } catch {
    throw new TransparencyError(code, 'hash is not canonical base64');
  }
  if (bytes.length !== 32) throw new TransparencyError(code, `hash has ${bytes.length} bytes, expected 32`);
  return bytes;
}
