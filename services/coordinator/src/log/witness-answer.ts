import {
  checkpointText,
  logVerifier,
  type NoteSignature,
  openCheckpoint,
  openNote,
  splitNote,
  TransparencyError,
  type VerifierKey,
  witnessVerifiers,
} from '@sumveil/transparency';
import type { Roster } from '@sumveil/wire';
import type { Tx } from '../db/client.ts';
import { CoordinatorError } from '../error.ts';
import type { Epoch } from './epochs.ts';
import { checkpointAt } from './rows.ts';

export interface WitnessAnswer {
  readonly size: bigint;
  readonly status: number;
  readonly contentType?: string | undefined;
  readonly body: string;
  /** Checkpoint that the witness holds, as this log signed it: what it shows where its history differs. */
  readonly note?: string | undefined;
}

/**
 * `stale`: the witness stands elsewhere and polls again. `claimed`: it says that it saw another history, or a larger log than
 * ours. `fork`: it showed that, by a signature of this log on something that is not in it.
 */
export type Reading =
  | { kind: 'cosigned'; line: string; keyId: string; time: number }
  | { kind: 'stale' }
  | { kind: 'claimed'; keyId: string | undefined }
  | { kind: 'fork'; keyId: string | undefined }
  | { kind: 'refused' };

/**
 * What an answer means (governance.md section 5). A status other than 200 is a claim of one tenant, which anybody can make
 * up: only the log's own signature beside it stops releases.
 *
 * @throws CoordinatorError `MESSAGE_REFUSED` for a cosignature that does not verify with this tenant's witness key
 */
export async function readAnswer(
  tx: Tx,
  log: string,
  epochs: readonly Epoch[],
  tenantRef: string,
  answer: WitnessAnswer,
): Promise<Reading> {
  const keys = epochs.flatMap((e) => keyOf(e.roster, tenantRef));
  if (answer.status === 422 || answer.status === 409) {
    if (answer.status === 409 && (await isStale(tx, log, answer))) return { kind: 'stale' };
    const proven = answer.note !== undefined && (await isForeign(tx, log, epochs, answer.note));
    return { kind: proven ? 'fork' : 'claimed', keyId: keys.at(-1)?.keyId.toString('hex') };
  }
  if (answer.status !== 200) return { kind: 'refused' };
  const checkpoint = await checkpointAt(tx, log, answer.size);
  if (!checkpoint) throw refused('it cosigns a size that this log never signed');
  const text = checkpointText({ origin: log, size: Number(checkpoint.size), root: checkpoint.root });
  for (const line of answer.body.split(/(?<=\n)/)) {
    const found = readLine(text, line, keys);
    if (!found) continue;
    return { kind: 'cosigned', line, keyId: found.key.keyId.toString('hex'), time: found.time! };
  }
  throw refused('no line is a cosignature by this tenant’s witness key');
}

/** 409 names the witness's own size, or it is the older form of "another root at the same size". */
async function isStale(tx: Tx, log: string, answer: WitnessAnswer): Promise<boolean> {
  const size = answer.body.trim();
  if (answer.contentType?.split(';')[0]?.trim() !== 'text/x.tlog.size' || !/^(0|[1-9][0-9]{0,18})$/.test(size))
    return false;
  const known = await tx.auditHead.findUnique({ where: { log }, select: { size: true } });
  return BigInt(size) <= (known?.size ?? 0n) && BigInt(size) !== answer.size;
}

/** The log key signed this checkpoint, and it is none of those that are stored: two histories, or a restored backup. */
async function isForeign(tx: Tx, log: string, epochs: readonly Epoch[], note: string): Promise<boolean> {
  const counting = epochs.filter((e) => e.effective || e.roster.epoch === 1);
  try {
    const keys = counting.map((e) => logVerifier(e.roster));
    const { checkpoint } = openCheckpoint(Buffer.from(note, 'utf8'), { origin: log, keys });
    const stored = await checkpointAt(tx, log, BigInt(checkpoint.size));
    return !stored?.root.equals(checkpoint.root);
  } catch (error) {
    if (error instanceof TransparencyError) return false;
    throw error;
  }
}

function keyOf(roster: Roster, tenantRef: string): VerifierKey[] {
  return witnessVerifiers(roster)
    .filter((w) => w.tenantRef === tenantRef)
    .map((w) => w.key);
}

function readLine(text: string, line: string, keys: readonly VerifierKey[]): NoteSignature | undefined {
  const alone = Buffer.from(`${text}\n${line}`);
  try {
    const [entry] = splitNote(alone).lines;
    if (!keys.some((k) => k.name === entry!.name && k.keyId.equals(entry!.keyId))) return undefined;
    return openNote(alone, keys).verified.find((s) => s.time !== undefined);
  } catch {
    throw refused('a line of it does not verify');
  }
}

export function refused(why: string): CoordinatorError {
  return new CoordinatorError('MESSAGE_REFUSED', `The witness's answer was not kept: ${why}.`);
}
