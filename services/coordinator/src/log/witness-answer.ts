import {
  checkpointText,
  type NoteSignature,
  openNote,
  splitNote,
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
}

/** `stale`: the witness stands elsewhere and polls again; `fork`: it saw two histories, or one larger than ours. */
export type Reading =
  | { kind: 'cosigned'; line: string; keyId: string; time: number }
  | { kind: 'stale' }
  | { kind: 'fork' }
  | { kind: 'refused' };

/**
 * What an answer means (governance.md section 5). Only a 200 carries a signature; every other status is a claim of one
 * tenant, which is why a fork claim stops releases and pages people but never changes the log.
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
  if (answer.status === 422) return { kind: 'fork' };
  if (answer.status === 409) return await readConflict(tx, log, answer);
  if (answer.status !== 200) return { kind: 'refused' };
  const checkpoint = await checkpointAt(tx, log, answer.size);
  if (!checkpoint) throw refused('it cosigns a size that this log never signed');
  const keys = epochs.flatMap((e) => keyOf(e.roster, tenantRef));
  const text = checkpointText({ origin: log, size: Number(checkpoint.size), root: checkpoint.root });
  for (const line of answer.body.split(/(?<=\n)/)) {
    const found = readLine(text, line, keys);
    if (!found) continue;
    return { kind: 'cosigned', line, keyId: found.key.keyId.toString('hex'), time: found.time! };
  }
  throw refused('no line is a cosignature by this tenant’s witness key');
}

/** 409 names the witness's own size, or it is the older form of "another root at the same size". */
async function readConflict(tx: Tx, log: string, answer: WitnessAnswer): Promise<Reading> {
  const size = answer.body.trim();
  if (answer.contentType?.split(';')[0]?.trim() !== 'text/x.tlog.size' || !/^(0|[1-9][0-9]{0,19})$/.test(size))
    return { kind: 'fork' };
  const known = await tx.auditHead.findUnique({ where: { log }, select: { size: true } });
  const beyond = BigInt(size) > (known?.size ?? 0n);
  return { kind: beyond || BigInt(size) === answer.size ? 'fork' : 'stale' };
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
