import type { KeyObject } from 'node:crypto';
import {
  canonicalBytes,
  type DsseEnvelope,
  digest,
  dsseBytes,
  dssePayload,
  fromBase64url,
  keyIdOf,
  parseCanonical,
  sha256,
  signDsse,
  verifyDsse,
} from '@sumveil/wire';
import { z } from 'zod';
import { TransparencyError } from '../error.ts';
import { LOG_TYPE, verifierKeyOf } from '../note/verifier-key.ts';
import { ROOT_FILE } from './layout.ts';
import { type Files, writeBundleZip } from './zip.ts';

export const IN_TOTO_TYPE = 'application/vnd.in-toto+json';
const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
const PREDICATE_TYPE = 'urn:sumveil:bundle:v1';

const id = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);

/** What the bundle says it is about; everything here must follow from the leaves. */
export const bundlePredicate = z.strictObject({
  v: z.literal(1),
  model: id,
  version: z.int().min(1),
  modelDigest: digest,
  /** Runs whose leaves are here from first to last. */
  runs: z.array(id).min(1).max(1000),
  /** The checkpoint in log/checkpoint. */
  asOf: z.strictObject({ size: z.int().min(1), root: digest }),
});
export type BundlePredicate = z.infer<typeof bundlePredicate>;

const statement = z.strictObject({
  _type: z.literal(STATEMENT_TYPE),
  subject: z
    .array(z.strictObject({ name: z.string(), digest: z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }) }))
    .min(1),
  predicateType: z.literal(PREDICATE_TYPE),
  predicate: bundlePredicate,
});
export type Statement = z.infer<typeof statement>;

/**
 * What the report key signs for these files: the payload of the root envelope.
 *
 * @param files everything but the root file
 * @throws TransparencyError `BUNDLE`
 */
export function statementBytes(files: Files, predicate: BundlePredicate): Buffer {
  if (files.has(ROOT_FILE)) throw new TransparencyError('BUNDLE', `${ROOT_FILE} is written by the seal`);
  return canonicalBytes(statementOf(files, predicate));
}

/**
 * The bundle of these files under a root envelope that somebody else signed.
 *
 * @param root canonical DSSE envelope over {@link statementBytes} of the same files
 * @throws TransparencyError `ZIP`
 */
export function assembleBundle(files: Files, root: Uint8Array): Buffer {
  return writeBundleZip(new Map([...files, [ROOT_FILE, root]]));
}

/**
 * Both steps, for whoever holds the report key.
 *
 * @param seal.reportKey `reportKey` of the roster in force (Ed25519, private)
 * @throws TransparencyError `ZIP`, `BUNDLE`
 */
export function sealBundle(files: Files, seal: { reportKey: KeyObject; predicate: BundlePredicate }): Buffer {
  const payload = statementBytes(files, seal.predicate);
  const { publicKey } = verifierKeyOf('report', LOG_TYPE, seal.reportKey);
  return assembleBundle(files, dsseBytes(signDsse(IN_TOTO_TYPE, payload, seal.reportKey, keyIdOf(publicKey))));
}

function statementOf(files: Files, predicate: BundlePredicate): Statement {
  const subject = [...files.keys()]
    .toSorted()
    .map((name) => ({ name, digest: { sha256: sha256(files.get(name)!).toString('hex') } }));
  const parsed = bundlePredicate.safeParse(predicate);
  if (!parsed.success) throw new TransparencyError('BUNDLE', `predicate refused: ${z.prettifyError(parsed.error)}`);
  return { _type: STATEMENT_TYPE, subject, predicateType: PREDICATE_TYPE, predicate: parsed.data };
}

/** @throws TransparencyError `BUNDLE` unless the payload is a canonical statement of ours */
export function parseStatement(envelope: DsseEnvelope): Statement {
  if (envelope.payloadType !== IN_TOTO_TYPE) throw new TransparencyError('BUNDLE', 'root is no in-toto statement');
  try {
    return statement.parse(parseCanonical(dssePayload(envelope)));
  } catch {
    throw new TransparencyError('BUNDLE', 'root statement is malformed');
  }
}

/**
 * DSSE leaves keyid unsigned and lets signatures pile up, so: one signature, its keyid that of the expected key.
 *
 * @param publicKey base64url
 */
export function signedOnlyBy(envelope: DsseEnvelope, payloadType: string, publicKey: string): boolean {
  const raw = fromBase64url(publicKey, 32);
  try {
    const [only, ...more] = envelope.signatures;
    return more.length === 0 && only?.keyid === keyIdOf(raw) && verifyDsse(envelope, payloadType, raw);
  } catch {
    return false;
  }
}
