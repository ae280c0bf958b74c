import type { EventType, LeafOf, LoggedLeaf } from '@sumveil/transparency';
import type { Evaluation } from '../../generated/prisma/client.ts';

export interface PhaseRow {
  readonly phase: string;
  readonly answered: number;
  /** Why it closed: everybody answered, the others were absent, or its deadline came. */
  readonly cause: string;
  readonly seconds: number;
}

export interface RoundRow {
  /** Place of `round.opened` in the log. */
  readonly leaf: number;
  readonly round: number;
  readonly attempt: number;
  readonly outcome: 'released' | 'aborted' | 'open';
  readonly code: string | null;
  readonly invited: number;
  readonly survivors: number | null;
  readonly dropped: readonly string[];
  readonly belowDefault: boolean;
  readonly openedAt: string;
  readonly seconds: number | null;
  readonly phases: readonly PhaseRow[];
  readonly modelBefore: string;
  readonly modelAfter: string | null;
  readonly version: number | null;
  /** Of the model the round started from, over the sum of its survivors; see `metricsWithheld`. */
  readonly metrics: Readonly<Record<string, number | null>> | null;
  /** Survivors differ from those of the first scored round: side by side, two sums could be subtracted (governance.md section 8). */
  readonly metricsWithheld: boolean;
}

export function leavesOf<T extends EventType>(
  leaves: readonly LoggedLeaf[],
  type: T,
): { idx: number; leaf: LeafOf<T> }[] {
  return leaves.filter(({ leaf }) => leaf.type === type) as unknown as { idx: number; leaf: LeafOf<T> }[];
}

/** Rounds as the log tells them, attempts that failed included; only the metrics are rows, whose digests the log holds. */
export function roundsOf(leaves: readonly LoggedLeaf[], evaluations: readonly Evaluation[]): RoundRow[] {
  return leavesOf(leaves, 'round.opened').map(({ idx, leaf }) => roundOf(leaves, idx, leaf, evaluations));
}

function roundOf(
  leaves: readonly LoggedLeaf[],
  leaf: number,
  opened: LeafOf<'round.opened'>,
  evaluations: readonly Evaluation[],
): RoundRow {
  const mine = leaves.filter(
    ({ leaf }) => leaf.run === opened.run && leaf.round === opened.round && leaf.attempt === opened.attempt,
  );
  const closed = leavesOf(mine, 'round.closed')[0]?.leaf;
  const aborted = leavesOf(mine, 'round.aborted')[0]?.leaf;
  const end = closed ?? aborted;
  const created = leavesOf(mine, 'model.version_created')[0]?.leaf;
  const evaluation = closed && evaluations.find((row) => row.round === opened.round);
  return {
    leaf,
    round: opened.round,
    attempt: opened.attempt,
    outcome: closed ? 'released' : aborted ? 'aborted' : 'open',
    code: end?.code ?? null,
    invited: opened.cohort.length,
    survivors: closed ? closed.survivors : null,
    dropped: end?.dropped ?? [],
    belowDefault: opened.belowDefault ?? false,
    openedAt: opened.time,
    seconds: end ? secondsBetween(opened.time, end.time) : null,
    phases: phasesOf(mine, opened.time),
    modelBefore: opened.modelHash,
    modelAfter: created?.digest ?? null,
    version: created?.version ?? null,
    metrics: evaluation && !evaluation.withheld ? (evaluation.metrics as Record<string, number | null>) : null,
    metricsWithheld: evaluation ? evaluation.withheld : false,
  };
}

/**
 * Time from one logged step to the next: opening and quorum count towards the first phase; `sum` ends with the logged
 * release, `release` with its signed manifest and the new model.
 */
function phasesOf(mine: readonly LoggedLeaf[], openedAt: string): PhaseRow[] {
  let from = openedAt;
  const rows: PhaseRow[] = [];
  for (const { leaf } of leavesOf(mine, 'phase.closed')) {
    rows.push({
      phase: leaf.phase,
      answered: leaf.setSize,
      cause: leaf.cause,
      seconds: secondsBetween(from, leaf.time),
    });
    from = leaf.time;
  }
  const ends = [
    ['sum', leavesOf(mine, 'aggregate.released')[0]?.leaf],
    ['release', leavesOf(mine, 'round.closed')[0]?.leaf],
  ] as const;
  const survivors = leavesOf(mine, 'aggregate.computed')[0]?.leaf.survivors ?? 0;
  for (const [phase, end] of ends) {
    if (!end) continue;
    rows.push({ phase, answered: survivors, cause: 'all', seconds: secondsBetween(from, end.time) });
    from = end.time;
  }
  return rows;
}

const secondsBetween = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 1000;
