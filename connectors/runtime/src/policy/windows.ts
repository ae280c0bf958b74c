import type { PolicyWindow } from './local-policy.ts';

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** True when there are no windows, or one of them is open at this moment. @param at ms since 1970 */
export function windowOpen(windows: readonly PolicyWindow[] | undefined, at: number): boolean {
  return windows === undefined || windows.some((window) => isOpen(window, at));
}

function isOpen(window: PolicyWindow, at: number): boolean {
  const { day, time } = localTime(window.tz, at);
  const today = window.days.includes(day);
  if (window.from <= window.to) return today && window.from <= time && time < window.to;
  const yesterday = DAYS[(DAYS.indexOf(day) + 6) % 7]!;
  return (today && time >= window.from) || (window.days.includes(yesterday) && time < window.to);
}

function localTime(timeZone: string, at: number): { day: (typeof DAYS)[number]; time: string } {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const parts = Object.fromEntries(format.formatToParts(at).map((part) => [part.type, part.value]));
  return { day: parts.weekday!.toLowerCase() as (typeof DAYS)[number], time: `${parts.hour}:${parts.minute}` };
}
