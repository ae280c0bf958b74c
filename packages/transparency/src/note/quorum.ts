import type { Roster } from '@sumveil/wire';
import { TransparencyError } from '../error.ts';
import { type Checkpoint, openCheckpoint } from './checkpoint.ts';
import { addLines, splitNote } from './note.ts';
import { logVerifier, witnessVerifiers } from './roster-keys.ts';

export interface Cosigner {
  readonly tenantRef: string;
  /** Unix seconds; the witness's clock, not proof of time. */
  readonly time: number;
}

export interface Quorum {
  readonly checkpoint: Checkpoint;
  /** One entry a tenant, in the order of the note. */
  readonly cosigners: readonly Cosigner[];
  readonly have: number;
  readonly needs: number;
  readonly ok: boolean;
}

/**
 * Counts cosignatures by the witnesses of one roster epoch: one vote a tenant. Keys of other epochs, auditors and
 * strangers never count.
 *
 * @throws TransparencyError `NOTE`, `SIGNATURE`, `CHECKPOINT`, `NUMBER`: no log signature, or a bad one by a known key
 */
export function countQuorum(note: Uint8Array, roster: Roster): Quorum {
  const witnesses = witnessVerifiers(roster);
  const keys = [logVerifier(roster), ...witnesses.map(({ key }) => key)];
  const { checkpoint, verified } = openCheckpoint(note, { origin: roster.logOrigin, keys });
  const cosigners = new Map<string, Cosigner>();
  for (const { key, time } of verified) {
    const tenantRef = witnesses.find((w) => w.key === key)?.tenantRef;
    if (tenantRef === undefined || time === undefined || cosigners.has(tenantRef)) continue;
    cosigners.set(tenantRef, { tenantRef, time });
  }
  const [have, needs] = [cosigners.size, roster.witnessQuorum];
  return { checkpoint, cosigners: [...cosigners.values()], have, needs, ok: have >= needs };
}

/**
 * The same, when anything below quorum is a failure.
 *
 * @throws TransparencyError `QUORUM` besides those of {@link countQuorum}
 */
export function requireQuorum(note: Uint8Array, roster: Roster): Quorum {
  const quorum = countQuorum(note, roster);
  if (!quorum.ok)
    throw new TransparencyError(
      'QUORUM',
      `witnesses ${quorum.have} of ${roster.members.length} (needs ${quorum.needs})`,
    );
  return quorum;
}

/**
 * Adds a witness's answer to a note. Verified before it is kept, because one bad line by a known key would spoil the note
 * for everybody; lines of a tenant that is on it already change nothing.
 *
 * @param answer body of a 200 answer: signature lines
 * @throws TransparencyError `SIGNATURE` when no line is a cosignature by a member of the roster
 */
export function mergeCosignatures(note: Uint8Array, answer: Uint8Array, roster: Roster): Buffer {
  const before = countQuorum(note, roster);
  const known = new Set(before.cosigners.map((c) => c.tenantRef));
  const { text } = splitNote(note);
  const witnesses = witnessVerifiers(roster);
  let found = false;
  let merged: Buffer = Buffer.from(note);
  for (const line of Buffer.from(answer)
    .toString('utf8')
    .split(/(?<=\n)/)) {
    const alone = Buffer.from(`${text}\n${line}`);
    const [entry] = splitNote(alone).lines;
    const witness = witnesses.find(({ key }) => key.name === entry!.name && key.keyId.equals(entry!.keyId));
    if (!witness) continue;
    const added = addLines(merged, [line]);
    countQuorum(added, roster);
    found = true;
    if (known.has(witness.tenantRef)) continue;
    known.add(witness.tenantRef);
    merged = added;
  }
  if (!found) throw new TransparencyError('SIGNATURE', 'the answer holds no cosignature by a witness of this roster');
  return merged;
}
