import { digestOf } from '@sumveil/wire';
import { CHECKPOINT_FILE, consistencyFile, proofFile } from '../bundle/layout.ts';
import { parseHash } from '../decimal.ts';
import { encodeLeaf } from '../leaf/leaf.ts';
import { type Checkpoint, peekCheckpoint } from '../note/checkpoint.ts';
import { countQuorum } from '../note/quorum.ts';
import { parseTlogProof, requireInclusion, type TlogProof } from '../proof/tlog-proof.ts';
import { verifyConsistency } from '../tree/verify.ts';
import { type Evidence, fileOf, rosterAt } from './evidence.ts';
import { attempt, fail, must } from './result.ts';

/** Every note of the bundle once, with the file it was first seen in. */
function notes(evidence: Evidence): Map<string, { file: string; note: Uint8Array }> {
  const found = new Map([
    [digestOf(evidence.checkpointNote), { file: CHECKPOINT_FILE, note: evidence.checkpointNote }],
  ]);
  for (const { idx } of evidence.leaves) {
    const file = proofFile(idx);
    const bytes = evidence.files.get(file);
    if (!bytes) continue;
    const { note } = attempt(file, () => parseTlogProof(bytes));
    if (!found.has(digestOf(note))) found.set(digestOf(note), { file, note });
  }
  return found;
}

/** Class 13: each checkpoint is the log's, under the key of the roster in force, and the seal speaks of the newest. */
export function checkCheckpoints(evidence: Evidence): string {
  for (const { file, note } of notes(evidence).values()) quorumOfNote(evidence, file, note);
  const newest = attempt(CHECKPOINT_FILE, () => peekCheckpoint(evidence.checkpointNote));
  const { asOf } = evidence.statement.predicate;
  must(
    newest.size === asOf.size && digest(newest) === asOf.root,
    'the seal speaks of another checkpoint than log/checkpoint',
  );
  return `log ${newest.origin} at size ${newest.size}`;
}

/** Class 14: one vote a tenant, by the witnesses of the roster in force at that size. */
export function checkQuorum(evidence: Evidence): string {
  let line = '';
  for (const { file, note } of notes(evidence).values()) {
    const { have, needs, ok } = quorumOfNote(evidence, file, note);
    const of = rosterAt(evidence, peekCheckpoint(note).size).members.length;
    must(ok, `${file}: witnesses ${have} of ${of} (needs ${needs})`);
    if (file === CHECKPOINT_FILE) line = `witnesses ${have} of ${of} (needs ${needs})`;
  }
  return line;
}

function quorumOfNote(evidence: Evidence, file: string, note: Uint8Array) {
  return attempt(file, () => countQuorum(note, rosterAt(evidence, peekCheckpoint(note).size)));
}

/** Class 15: every leaf of the bundle is in the log, byte for byte, at the place it says. */
export function checkInclusion(evidence: Evidence): string {
  for (const { idx, leaf } of evidence.leaves) {
    const file = proofFile(idx);
    const proof: TlogProof = attempt(file, () => parseTlogProof(fileOf(evidence.files, file)));
    must(proof.index === idx, `${file} proves leaf ${proof.index}`);
    attempt(file, () => requireInclusion(proof, encodeLeaf(leaf), peekCheckpoint(proof.note)));
  }
  return `${evidence.leaves.length} leaves are in the log`;
}

/** Class 16: all checkpoints are views of one log that only grew. */
export function checkConsistency(evidence: Evidence): string {
  const newest = peekCheckpoint(evidence.checkpointNote);
  const older = new Map<number, Checkpoint>();
  for (const { file, note } of notes(evidence).values()) {
    const checkpoint = peekCheckpoint(note);
    const same = checkpoint.size === newest.size ? newest : older.get(checkpoint.size);
    must(!same || same.root.equals(checkpoint.root), `${file} shows another tree of size ${checkpoint.size}`);
    must(checkpoint.size <= newest.size, `${file} is newer than log/checkpoint`);
    if (checkpoint.size < newest.size) older.set(checkpoint.size, checkpoint);
  }
  for (const from of older.values()) {
    const claim = { size1: from.size, size2: newest.size, root1: from.root, root2: newest.root };
    const holds = verifyConsistency({ ...claim, proof: consistencyProof(evidence, from.size) });
    must(holds, `log/checkpoint does not extend the checkpoint of size ${from.size}`);
  }
  return older.size === 0 ? 'one checkpoint' : `${older.size + 1} checkpoints of one growing log`;
}

function consistencyProof(evidence: Evidence, size: number): Buffer[] {
  const file = consistencyFile(size);
  const text = Buffer.from(fileOf(evidence.files, file)).toString('latin1');
  if (text === '') return [];
  must(text.endsWith('\n'), `${file} does not end in a line feed`);
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => attempt(file, () => parseHash(line, 'PROOF')));
}

function digest({ root }: Checkpoint): string {
  return root.length === 32 ? `sha256:${root.toString('hex')}` : fail('root has a wrong length');
}
