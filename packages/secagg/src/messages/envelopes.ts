import { fromBase64url, splitLines, toBase64url, WireError } from '@sumveil/wire';
import { SecaggError } from '../error.ts';

/** Longer envelopes are refused before parsing (section 5). */
export const ENVELOPE_BYTES = 8192;

/** An envelope as the coordinator hands it on: exact bytes and the path to the sender's `shareRoot`. */
export interface Delivered {
  readonly envelope: Uint8Array;
  /** 32-byte hashes from the leaf upwards */
  readonly path: readonly Buffer[];
}

/** Upload form of a sender's envelopes, ascending recipient: each followed by 0x0A. */
export function encodeEnvelopes(envelopes: readonly Uint8Array[]): Buffer {
  return Buffer.concat(envelopes.flatMap((envelope) => [envelope, Buffer.of(0x0a)]));
}

/** @throws SecaggError `FORMAT` */
export function decodeEnvelopes(bytes: Uint8Array): Uint8Array[] {
  return lines(bytes).map(checkSize);
}

/** envelope ‖ 0x0A ‖ base64url(path) ‖ 0x0A */
export function encodeDelivered({ envelope, path }: Delivered): Buffer {
  return Buffer.concat([envelope, Buffer.from(`\n${toBase64url(Buffer.concat(path))}\n`, 'ascii')]);
}

/** Concatenation of delivered envelopes, ascending sender. @throws SecaggError `FORMAT` */
export function decodeDelivered(bytes: Uint8Array): Delivered[] {
  const all = lines(bytes);
  if (all.length % 2 !== 0) throw new SecaggError('FORMAT', 'an envelope lacks its audit path');
  const out: Delivered[] = [];
  for (let i = 0; i < all.length; i += 2) {
    out.push({ envelope: checkSize(all[i]!), path: decodePath(Buffer.from(all[i + 1]!).toString('latin1')) });
  }
  return out;
}

function decodePath(text: string): Buffer[] {
  const bytes = refuseWireError(() => fromBase64url(text));
  if (bytes.byteLength % 32 !== 0) throw new SecaggError('FORMAT', 'an audit path is not a list of 32-byte hashes');
  return Array.from({ length: bytes.byteLength / 32 }, (_, i) => Buffer.from(bytes.subarray(i * 32, i * 32 + 32)));
}

function lines(bytes: Uint8Array): Uint8Array[] {
  return refuseWireError(() => splitLines(bytes));
}

function checkSize(envelope: Uint8Array): Uint8Array {
  if (envelope.byteLength > ENVELOPE_BYTES) throw new SecaggError('FORMAT', 'an envelope exceeds 8 KiB');
  return envelope;
}

function refuseWireError<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof WireError) throw new SecaggError('FORMAT', error.message);
    throw error;
  }
}
