import { bad, type Check, good, warn } from './diagnosis.ts';

/** Deadlines, grants and tokens allow clocks this much (governance.md section 9, F14). */
const LEEWAY_MS = 60_000;

/** @param aheadMs how far the other clock is ahead of this one; negative when it is behind */
export function clockCheck(whose: string, aheadMs: number): Check {
  const seconds = Math.round(Math.abs(aheadMs) / 1_000);
  const found =
    seconds <= 1
      ? `this clock and that of ${whose} agree to a second or so`
      : `this clock is ${span(seconds)} ${aheadMs > 0 ? 'behind' : 'ahead of'} that of ${whose}`;
  const next = 'Set both clocks by NTP; 60 s are allowed.';
  if (Math.abs(aheadMs) > LEEWAY_MS) return bad('clock', found, next);
  return Math.abs(aheadMs) > LEEWAY_MS / 2 ? warn('clock', found, next) : good('clock', found);
}

interface Validity {
  readonly validFromDate: Date;
  readonly validToDate: Date;
}

/** What a certificate has left. In the last quarter of its life it should have been replaced, so somebody should look. */
export function expiryCheck(
  id: string,
  what: string,
  { validFromDate, validToDate }: Validity,
  o: { now: number; next: string },
): Check {
  const left = validToDate.getTime() - o.now;
  const date = validToDate.toISOString().slice(0, 16).replace('T', ' ');
  if (o.now < validFromDate.getTime())
    return bad(id, `${what} begins in the future: this clock is behind`, 'Set the clock by NTP.');
  if (left <= 0) return bad(id, `${what} ended ${span(-left / 1_000)} ago, at ${date} UTC`, o.next);
  const found = `${what} has ${span(left / 1_000)} left, until ${date} UTC`;
  return left < (validToDate.getTime() - validFromDate.getTime()) / 4 ? warn(id, found, o.next) : good(id, found);
}

/** 90 s, 5 min, 30 h, 12 days. */
export function span(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} days`;
}
