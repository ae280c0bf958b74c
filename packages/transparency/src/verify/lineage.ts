import { digestOf } from '@sumveil/wire';
import { MODEL_FILE } from '../bundle/layout.ts';
import type { LoggedLeaf } from '../bundle/leaves.ts';
import { dedupeKey } from '../leaf/leaf.ts';
import { type Evidence, leavesOf } from './evidence.ts';
import { checkGrantLinks } from './grant-links.ts';
import type { Replay } from './replay.ts';
import { must } from './result.ts';
import { checkRoundLinks } from './round-links.ts';

/** Class 17: nothing of a run is left out, and every link from the plan file to the model version joins. */
export function checkLineage(evidence: Evidence, replay: Replay): string {
  const { predicate } = evidence.statement;
  const keys = evidence.leaves.map(({ leaf }) => dedupeKey(leaf));
  must(new Set(keys).size === keys.length, 'one change is in the log twice');
  const named = new Set(predicate.runs);
  for (const { leaf } of evidence.leaves)
    must(leaf.run === undefined || named.has(leaf.run), `a leaf of run ${leaf.run}, which the seal does not name`);
  for (const run of named) {
    checkRunIsWhole(evidence, run);
    checkPauses(evidence, run);
  }
  checkEpochs(evidence);
  checkGrantLinks(evidence, replay);
  checkRoundLinks(evidence, replay);
  checkVersion(evidence);
  return `${named.size} whole run(s); plan, grants, rounds, aggregates and versions join`;
}

/** Without its `roster.effective` a later epoch would not be in force, and the witnesses of the old one would count. */
function checkEpochs(evidence: Evidence): void {
  const effective = leavesOf(evidence, 'roster.effective');
  for (const [i, { epoch }] of evidence.rosters.entries()) {
    const leaf = effective.find((e) => e.leaf.rosterEpoch === epoch)?.leaf;
    must(leaf !== undefined || i === 0, `no leaf says when roster epoch ${epoch} took effect`);
    const same = leaf === undefined || leaf.rosterHash === digestOf(evidence.epochs[i]!.body);
    must(same, `roster.effective of epoch ${epoch} names another roster`);
  }
}

/** What tenants and fenced writers may still bring when a run has ended: refused, kept as evidence, without effect on it. */
const AFTER_THE_END: ReadonlySet<string> = new Set(['update.rejected', 'gate.refused', 'writer.fenced']);

/**
 * runSeq counts 1, 2, 3… up to the leaf that says that the run has ended: a leaf left out shows. Behind it stand only refusals of
 * what came too late; those may be left out, and they change nothing.
 */
function checkRunIsWhole(evidence: Evidence, run: string): void {
  const mine = evidence.leaves.filter(({ leaf }) => leaf.run === run);
  const bySequence = mine.toSorted((a, b) => a.leaf.runSeq! - b.leaf.runSeq!);
  for (const [i, { leaf }] of bySequence.entries())
    must(leaf.runSeq === i + 1, `run ${run} has a gap: leaf ${i + 1} of the run is missing`);
  for (const [i, { idx }] of bySequence.entries())
    must(i === 0 || bySequence[i - 1]!.idx < idx, `run ${run}: leaf ${i + 1} is logged before the one it follows`);
  must(bySequence.length > 0, `no leaf of run ${run}`);
  const last = bySequence.findLast(({ leaf }) => !AFTER_THE_END.has(leaf.type))?.leaf;
  must(
    last !== undefined && isEnd(last),
    `run ${run} does not end in run.completed or run.aborted: its last leaves may be missing`,
  );
  const ends = mine.filter(({ leaf }) => isEnd(leaf));
  must(ends.length === 1, `run ${run} ends twice`);
}

/** Between a pause and the next round stands a person: the coordinator does not let itself go on. */
function checkPauses({ leaves }: Evidence, run: string): void {
  let paused = false;
  for (const { idx, leaf } of leaves) {
    if (leaf.run !== run) continue;
    must(leaf.type !== 'round.opened' || !paused, `a round of ${run} opens (leaf ${idx}) while the run is paused`);
    if (leaf.type === 'run.paused') paused = true;
    if (leaf.type !== 'run.resumed') continue;
    must(paused, `run ${run} is resumed (leaf ${idx}) without having been paused`);
    must(leaf.actor.kind === 'person', `run ${run} is resumed (leaf ${idx}) by no person`);
    paused = false;
  }
}

function isEnd(leaf: LoggedLeaf['leaf']): boolean {
  return leaf.type === 'run.completed' || leaf.type === 'run.aborted';
}

/** The version that the seal names, its ancestry and the model file. */
function checkVersion(evidence: Evidence): void {
  const { model, version, modelDigest } = evidence.statement.predicate;
  const created = leavesOf(evidence, 'model.version_created').filter(({ leaf }) => leaf.model === model);
  const sealed = created.find(({ leaf }) => leaf.version === version);
  must(sealed?.leaf.digest === modelDigest, `no leaf says that version ${version} of ${model} has the sealed digest`);
  const file = evidence.files.get(MODEL_FILE);
  must(!file || digestOf(file) === modelDigest, `${MODEL_FILE} is another model than the seal names`);
}
