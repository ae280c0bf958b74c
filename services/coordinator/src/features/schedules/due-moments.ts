import { type Cadence, momentsAfter } from './cron.ts';

/** More are not counted one by one: a minute's pattern makes half a million in a year. */
export const COUNTED = 1_000;

/** Moments that brought no run, in one record. */
export interface Span {
  readonly moment: Date;
  readonly through: Date;
  /** At most {@link COUNTED}, which then means at least. */
  readonly count: number;
}

export interface Due {
  /** The newest moment that is still inside its window. */
  readonly open: Date | undefined;
  /** Moments before it, or all of them: too late. */
  readonly missed: Span | undefined;
}

/** What is due at `now`, from the first moment without an outcome on. */
export function dueMoments(cadence: Cadence & { nextAt: Date; windowMinutes: number }, now: Date): Due {
  const { nextAt } = cadence;
  if (nextAt > now) return { open: undefined, missed: undefined };
  const opened = new Date(now.getTime() - cadence.windowMinutes * 60_000 - 1);
  const open = lastUntil(cadence, new Date(Math.max(opened.getTime(), nextAt.getTime() - 1)), now);
  return { open, missed: spanBefore(cadence, open ?? new Date(now.getTime() + 1)) };
}

function lastUntil(cadence: Cadence, after: Date, until: Date): Date | undefined {
  let last: Date | undefined;
  for (const moment of momentsAfter(cadence, after)) {
    if (moment > until) break;
    last = moment;
  }
  return last;
}

function spanBefore(cadence: Cadence & { nextAt: Date }, end: Date): Span | undefined {
  const { nextAt } = cadence;
  if (nextAt >= end) return undefined;
  let [through, count] = [nextAt, 1];
  for (const moment of momentsAfter(cadence, nextAt)) {
    if (moment >= end) return { moment: nextAt, through, count };
    if (count === COUNTED) return { moment: nextAt, through: new Date(end.getTime() - 1), count };
    [through, count] = [moment, count + 1];
  }
  return { moment: nextAt, through, count };
}
