import { expect, it } from 'vitest';
import { utcMinute, zonedTime } from './zoned-time.ts';

it.each([
  ['2026-11-30T01:00:00.000Z', 'Europe/Berlin', '2026-11-30 02:00 +01:00'],
  ['2027-07-01T23:30:00.000Z', 'Europe/Berlin', '2027-07-02 01:30 +02:00'],
  ['2026-12-31T23:00:00.000Z', 'America/New_York', '2026-12-31 18:00 -05:00'],
  ['2026-12-31T18:30:00.000Z', 'Asia/Kolkata', '2027-01-01 00:00 +05:30'],
  ['2026-12-31T00:00:00.000Z', 'UTC', '2026-12-31 00:00 +00:00'],
])('%s in %s is %s', (time, zone, wanted) => {
  expect(zonedTime(time, zone)).toBe(wanted);
  expect(utcMinute(time)).toBe(time.slice(0, 16).replace('T', ' '));
});
