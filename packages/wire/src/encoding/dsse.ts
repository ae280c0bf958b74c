import { type KeyObject, sign } from 'node:crypto';
import { z } from 'zod';
import { WireError } from '../error.ts';
import { canonicalBytes, parseCanonical } from './canonical.ts';
import { verifyEd25519 } from './ed25519.ts';

/** DSSE envelope (secure-systems-lab/dsse 1.0.2); `payload` and `sig` are standard base64. */
export const dsseEnvelope = z.strictObject({
  payload: z.string(),
  payloadType: z.string().max(128),
  signatures: z
    .array(z.strictObject({ keyid: z.string().max(128), sig: z.string() }))
    .min(1)
    .max(16),
});
export type DsseEnvelope = z.infer<typeof dsseEnvelope>;

/** Pre-authentication encoding: what a DSSE signature covers. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.byteLength} `;
  return Buffer.concat([Buffer.from(head, 'utf8'), payload]);
}

export function signDsse(payloadType: string, payload: Uint8Array, key: KeyObject, keyid: string): DsseEnvelope {
  const sig = sign(null, preAuthEncoding(payloadType, payload), key).toString('base64');
  return { payload: Buffer.from(payload).toString('base64'), payloadType, signatures: [{ keyid, sig }] };
}

/**
 * Exact bytes of a DSSE envelope: it must be in RFC 8785 form, without unknown fields.
 *
 * @throws WireError `CANONICAL`, `SCHEMA` or `ENCODING`
 */
export function parseDsse(bytes: Uint8Array): DsseEnvelope {
  const parsed = dsseEnvelope.safeParse(parseCanonical(bytes));
  if (!parsed.success) throw new WireError('SCHEMA', 'not a DSSE envelope');
  return parsed.data;
}

export function dsseBytes(envelope: DsseEnvelope): Buffer {
  return canonicalBytes(envelope);
}

/** @throws WireError `ENCODING` */
export function dssePayload(envelope: DsseEnvelope): Buffer {
  return strictBase64(envelope.payload);
}

/** True when one signature of the envelope is by this raw Ed25519 key (32 bytes) and the payload type is the expected one. */
export function verifyDsse(envelope: DsseEnvelope, payloadType: string, publicKey: Uint8Array): boolean {
  if (envelope.payloadType !== payloadType) return false;
  const message = preAuthEncoding(payloadType, dssePayload(envelope));
  return envelope.signatures.some(({ sig }) => verifyEd25519(publicKey, message, strictBase64(sig)));
}

/**
 * How many of these keys (raw Ed25519, 32 bytes each) signed the envelope. keyid is unsigned and only a hint, so it is
 * not looked at; a key that signs twice counts once.
 */
export function countSigners(envelope: DsseEnvelope, payloadType: string, publicKeys: readonly Uint8Array[]): number {
  return publicKeys.filter((key) => verifyDsse(envelope, payloadType, key)).length;
}

/** @throws WireError `ENCODING` unless encoding the result gives the text again */
export function strictBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new WireError('ENCODING', 'not canonical base64');
  return bytes;
}
