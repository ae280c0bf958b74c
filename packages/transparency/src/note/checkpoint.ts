import type { KeyObject } from 'node:crypto';
import { parseHash, parseSafeDecimal } from '../decimal.ts';
import { TransparencyError } from '../error.ts';
import { joinNote, type NoteSignature, noteText, openNote, signNoteLine } from './note.ts';
import { isKeyName, type VerifierKey } from './verifier-key.ts';

/** C2SP tlog-checkpoint v1.0.0. Extension lines are signed along and otherwise ignored. */
export interface Checkpoint {
  readonly origin: string;
  /** Number of leaves. */
  readonly size: number;
  /** 32 bytes. */
  readonly root: Buffer;
}

export function checkpointText(checkpoint: { origin: string; size: number; root: Uint8Array }): string {
  if (!isKeyName(checkpoint.origin)) throw new TransparencyError('CHECKPOINT', 'origin is no key name');
  return `${checkpoint.origin}\n${checkpoint.size}\n${Buffer.from(checkpoint.root).toString('base64')}\n`;
}

/** @throws TransparencyError `CHECKPOINT` or `NUMBER` */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin, size, root, ...rest] = text.split('\n');
  // The last element is what follows the final line feed: nothing.
  if (!origin || size === undefined || root === undefined || rest.at(-1) !== '' || rest.slice(0, -1).includes(''))
    throw new TransparencyError('CHECKPOINT', 'a checkpoint is origin, size and root, a line each');
  return { origin, size: parseSafeDecimal(size), root: parseHash(root, 'CHECKPOINT') };
}

/** Note with the log's own signature; the key name is the origin. */
export function signCheckpoint(checkpoint: { origin: string; size: number; root: Uint8Array }, key: KeyObject): Buffer {
  const text = checkpointText(checkpoint);
  return joinNote(text, [signNoteLine(text, checkpoint.origin, key)]);
}

export interface OpenCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly text: string;
  readonly verified: readonly NoteSignature[];
}

/**
 * Opens a checkpoint of one log. At least one signature must be by a key named like the origin: cosignatures alone say
 * that a witness saw something, not that the log said it.
 *
 * @param keys log and witness keys that are known
 * @throws TransparencyError `NOTE`, `SIGNATURE`, `CHECKPOINT` or `NUMBER`
 */
export function openCheckpoint(
  note: Uint8Array,
  expected: { origin: string; keys: readonly VerifierKey[] },
): OpenCheckpoint {
  const { text, verified } = openNote(note, expected.keys);
  const checkpoint = parseCheckpoint(text);
  if (checkpoint.origin !== expected.origin)
    throw new TransparencyError('CHECKPOINT', 'the checkpoint is of another origin');
  if (!verified.some(({ key, time }) => key.name === expected.origin && time === undefined))
    throw new TransparencyError('SIGNATURE', 'the checkpoint lacks a signature of its log');
  return { checkpoint, text, verified };
}

/** Reads without verifying, to find out which epoch's keys to ask for. */
export function peekCheckpoint(note: Uint8Array): Checkpoint {
  return parseCheckpoint(noteText(note));
}
