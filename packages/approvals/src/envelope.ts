import { createPublicKey, type KeyObject } from 'node:crypto';
import {
  byContent,
  canonicalBytes,
  type DsseEnvelope,
  digestOf,
  dsseBytes,
  dssePayload,
  fromBase64url,
  keyIdOf,
  parseCanonical,
  signDsse,
  verifyDsse,
} from '@sumveil/wire';
import { z } from 'zod';
import { ApprovalsError } from './error.ts';

/** A schema and the DSSE payload type that its values travel under. */
export interface PayloadKind<S extends z.ZodType> {
  readonly type: string;
  readonly what: string;
  readonly schema: S;
  /** A payload by its schema, frozen. */
  readonly read: (payload: Uint8Array) => z.infer<S>;
}

/** @param keep how many payloads are read once only: every round judges the same approvals, lists and grant */
export function payloadKind<S extends z.ZodType>(type: string, what: string, schema: S, keep: number): PayloadKind<S> {
  return { type, what, schema, read: byContent((payload) => checked({ what, schema }, parseCanonical(payload)), keep) };
}

/** @throws ApprovalsError `FORMAT` unless the payload is the canonical form of a valid value; no signature is checked */
export function readPayload<S extends z.ZodType>(kind: PayloadKind<S>, envelope: DsseEnvelope): z.infer<S> {
  if (envelope.payloadType !== kind.type)
    throw new ApprovalsError('FORMAT', `not ${kind.what}: its payload type is ${envelope.payloadType.slice(0, 64)}`);
  try {
    return kind.read(dssePayload(envelope));
  } catch (error) {
    if (error instanceof ApprovalsError) throw error;
    throw new ApprovalsError('FORMAT', `${kind.what} is not canonical JSON in canonical base64`);
  }
}

/** Signs the canonical payload; keyid is that of the key used. */
export function writePayload<S extends z.ZodType>(kind: PayloadKind<S>, value: unknown, key: KeyObject): DsseEnvelope {
  const payload = canonicalBytes(checked(kind, value));
  return signDsse(kind.type, payload, key, keyIdOf(rawPublicKey(key)));
}

/** True when one signature is by this key (base64url); malformed base64 anywhere is a plain no. */
export function signedBy(envelope: DsseEnvelope, type: string, publicKey: string): boolean {
  try {
    return verifyDsse(envelope, type, fromBase64url(publicKey, 32));
  } catch {
    return false;
  }
}

/** Digest of the envelope's RFC 8785 form: what leaves and file names carry. */
export function envelopeDigest(envelope: DsseEnvelope): string {
  return digestOf(dsseBytes(envelope));
}

function checked<S extends z.ZodType>(kind: Pick<PayloadKind<S>, 'what' | 'schema'>, value: unknown): z.infer<S> {
  const parsed = kind.schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ApprovalsError('FORMAT', `not ${kind.what}: ${z.prettifyError(parsed.error)}`);
}

function rawPublicKey(key: KeyObject): Buffer {
  if (key.asymmetricKeyType !== 'ed25519') throw new ApprovalsError('FORMAT', 'signing needs an Ed25519 private key');
  return Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x!, 'base64url');
}
