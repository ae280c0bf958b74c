import { WireError } from '../error.ts';

/** Base64url without padding (RFC 4648 section 5). */
export function toBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

/**
 * Strict inverse of {@link toBase64url}: Node accepts padding, the other alphabet and stray bits, so the result is
 * encoded again and compared.
 *
 * @param length exact number of bytes expected, when known
 * @throws WireError `ENCODING`
 */
export function fromBase64url(text: string, length?: number): Uint8Array {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) throw new WireError('ENCODING', 'not canonical base64url without padding');
  if (length !== undefined && bytes.length !== length) {
    throw new WireError('ENCODING', `base64url value has ${bytes.length} bytes, expected ${length}`);
  }
  return new Uint8Array(bytes);
}
