import { type KeyObject, sign } from 'node:crypto';
import { verifyEd25519 } from '@sumveil/wire';
import { TransparencyError } from '../error.ts';
import { cosignedMessage } from './cosignature.ts';
import { parseSignatureLine, type SignatureLine, signatureLine } from './signature-line.ts';
import { COSIGNATURE_TYPE, LOG_TYPE, type VerifierKey, verifierKeyOf } from './verifier-key.ts';

const MAX_BYTES = 256 * 1024;
const MAX_LINES = 1_100;
/** Key id and signature; a cosignature has its time between them. */
const SIGNATURE_LENGTH: Record<VerifierKey['type'], number> = { [LOG_TYPE]: 68, [COSIGNATURE_TYPE]: 76 };

export interface NoteSignature {
  readonly key: VerifierKey;
  /** Unix seconds, of cosignatures. */
  readonly time?: number;
}

export interface OpenNote {
  /** Signed text; ends in a line feed. */
  readonly text: string;
  /** One entry for each verified signature, in the order of the note. */
  readonly verified: readonly NoteSignature[];
}

/**
 * C2SP signed-note v1.0.0, read strictly. Whoever carries a note can add lines by unknown keys, so these are ignored and
 * mean nothing; a line by a known key that does not verify rejects the whole note, because it can only be an attack or
 * damage.
 *
 * @throws TransparencyError `NOTE` when malformed, `SIGNATURE` when a known signature is bad or none is known
 */
export function openNote(note: Uint8Array, keys: readonly VerifierKey[]): OpenNote {
  const { text, lines } = splitNote(note);
  const verified: NoteSignature[] = [];
  for (const line of lines) {
    const key = keys.find((k) => k.name === line.name && k.keyId.equals(line.keyId));
    if (key) verified.push(verifyLine(text, line, key));
  }
  if (verified.length === 0) throw new TransparencyError('SIGNATURE', 'no signature on this note is by a known key');
  return { text, verified };
}

/** Text and signature lines, nothing verified. @throws TransparencyError `NOTE` */
export function splitNote(note: Uint8Array): { text: string; lines: SignatureLine[] } {
  const { text, raw } = cutNote(note);
  return { text, lines: raw.map(parseSignatureLine) };
}

/** Only the text, whatever the signature lines hold. @throws TransparencyError `NOTE` */
export function noteText(note: Uint8Array): string {
  return cutNote(note).text;
}

function cutNote(note: Uint8Array): { text: string; raw: string[] } {
  if (note.length > MAX_BYTES) throw new TransparencyError('NOTE', 'note exceeds 256 KiB');
  let all: string;
  try {
    all = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(note);
  } catch {
    throw new TransparencyError('NOTE', 'note is not UTF-8');
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the format forbids ASCII control characters but the line feed
  if (/[\x00-\x09\x0b-\x1f]/.test(all)) throw new TransparencyError('NOTE', 'note holds a control character');
  if (!all.endsWith('\n')) throw new TransparencyError('NOTE', 'note does not end in a line feed');
  // The text may hold blank lines; the last one ends it.
  const blank = all.lastIndexOf('\n\n');
  if (blank < 0) throw new TransparencyError('NOTE', 'note has no blank line before its signatures');
  const raw = all.slice(blank + 2, -1).split('\n');
  if (all.split('\n').length > MAX_LINES) throw new TransparencyError('NOTE', `note exceeds ${MAX_LINES} lines`);
  return { text: all.slice(0, blank + 1), raw };
}

function verifyLine(text: string, line: SignatureLine, key: VerifierKey): NoteSignature {
  if (line.blob.length !== SIGNATURE_LENGTH[key.type])
    throw new TransparencyError('SIGNATURE', `signature by ${key.name} has a wrong length`);
  const time = key.type === COSIGNATURE_TYPE ? line.blob.readBigUInt64BE(4) : undefined;
  const message = time === undefined ? Buffer.from(text) : cosignedMessage(text, time);
  if (!verifyEd25519(key.publicKey, message, line.blob.subarray(-64)))
    throw new TransparencyError('SIGNATURE', `signature by ${key.name} does not verify`);
  return time === undefined ? { key } : { key, time: Number(time) };
}

/** One line, line feed included. @param text ends in a line feed */
export function signNoteLine(text: string, name: string, key: KeyObject): string {
  const { keyId } = verifierKeyOf(name, LOG_TYPE, key);
  return signatureLine(name, Buffer.concat([keyId, sign(null, Buffer.from(text), key)]));
}

/** Text and lines as one note. */
export function joinNote(text: string, lines: readonly string[]): Buffer {
  return Buffer.from(`${text}\n${lines.join('')}`);
}

/** Appends signature lines, each with its line feed, to a note; nothing is verified. */
export function addLines(note: Uint8Array, lines: readonly string[]): Buffer {
  return Buffer.concat([note, Buffer.from(lines.join(''))]);
}
