import type { GuardName, Thresholds } from './thresholds.ts';

/** What the coordinator knows of a round that is over, released or not. */
export interface RoundFacts {
  readonly round: number;
  readonly cohort: number;
  /** Updates accepted in time. */
  readonly accepted: number;
  /** Mean train loss of the model the round started from, over its survivors; null where none was summed. */
  readonly loss: number | null;
  /** L2 norm of the mean update, in model units; null where none was summed. */
  readonly norm: number | null;
}

export interface History {
  /** Ascending; one entry a round. */
  readonly rounds: readonly RoundFacts[];
  /** Last round that a person has looked at: what has happened until then trips nothing any more. */
  readonly acknowledged: number;
  /** Norm below which the mean update is rounding: the plan's quantisation step times the root of the vector's length. */
  readonly resolution: number;
}

export interface Trip {
  readonly guard: GuardName;
  /** Round after which it tripped. */
  readonly round: number;
}

/**
 * Whether a run has to pause (learning.md section 13). Pure: the same history gives the same answer, whichever worker asks. The
 * answer carries no figure, because metrics of a round may be withheld.
 */
export function judgeGuards(thresholds: Thresholds, history: History): Trip | undefined {
  const last = history.rounds.at(-1);
  if (!last) return undefined;
  const judges: Record<GuardName, (history: History) => boolean> = {
    divergence: (h) => thresholds.divergence !== undefined && diverges(thresholds.divergence, h),
    participation: (h) => thresholds.participation !== undefined && isDeserted(thresholds.participation, h),
    norm: (h) => thresholds.norm !== undefined && jumps(thresholds.norm, h),
  };
  const guard = (Object.keys(judges) as GuardName[]).find((name) => judges[name](history));
  return guard && { guard, round: last.round };
}

/** A loss that is no number trips at once; one that only rises may be the noise of a round, so it has to stay. */
function diverges({ rise, rounds: streak }: NonNullable<Thresholds['divergence']>, history: History): boolean {
  const { acknowledged } = history;
  const scored = history.rounds.flatMap(({ round, loss }) => (loss === null ? [] : [{ round, loss }]));
  const fresh = scored.filter(({ round }) => round > acknowledged);
  if (fresh.some(({ loss }) => !Number.isFinite(loss))) return true;
  const finite = scored.filter(({ loss }) => Number.isFinite(loss));
  const first = finite[0];
  if (!first || fresh.length < streak) return false;
  return fresh.slice(-streak).every(({ round, loss }) => {
    const before = finite.filter((one) => one.round < round).map((one) => one.loss);
    return before.length > 0 && loss > Math.min(...before) + rise * first.loss;
  });
}

function isDeserted({ least, rounds: streak }: NonNullable<Thresholds['participation']>, history: History): boolean {
  const fresh = history.rounds.filter(({ round }) => round > history.acknowledged);
  return fresh.length >= streak && fresh.slice(-streak).every(({ accepted, cohort }) => accepted < least * cohort);
}

/** Training rounds that the last one is compared with; fewer than two say nothing about what is usual. */
const WINDOW = { least: 2, most: 5 };

function jumps({ factor }: NonNullable<Thresholds['norm']>, { rounds, acknowledged, resolution }: History): boolean {
  const trained = rounds.flatMap(({ round, norm }) => (norm === null ? [] : [{ round, norm }]));
  const last = trained.at(-1);
  if (!last || last.round <= acknowledged) return false;
  if (!Number.isFinite(last.norm)) return true;
  const before = trained
    .slice(0, -1)
    .slice(-WINDOW.most)
    .map(({ norm }) => norm)
    .filter(Number.isFinite);
  return before.length >= WINDOW.least && last.norm > factor * Math.max(resolution, ...before);
}

/** L2 norm of a mean update. A masked sum shows no tenant's own norm: updates in different directions cancel in it. */
export function normOf(meanUpdate: Float64Array): number {
  return Math.sqrt(meanUpdate.reduce((sum, value) => sum + value * value, 0));
}
