import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dueMoments } from './due-moments.ts';

const at = (time: string) => new Date(`2026-11-24T${time}:00Z`);
const hourly = { cron: '0 * * * *', zone: 'UTC', endsAt: null };
const due = (nextAt: string, now: string, windowMinutes = 30) =>
  dueMoments({ ...hourly, nextAt: at(nextAt), windowMinutes }, at(now));

describe('what is due', () => {
  it('is nothing before the moment', () => {
    expect(due('10:00', '09:59')).toEqual({ open: undefined, missed: undefined });
  });

  it('is the moment until its window is over, and missed from then on', () => {
    expect(due('10:00', '10:00')).toEqual({ open: at('10:00'), missed: undefined });
    expect(due('10:00', '10:30')).toEqual({ open: at('10:00'), missed: undefined });
    const missed = { moment: at('10:00'), through: at('10:00'), count: 1 };
    expect(due('10:00', '10:31')).toEqual({ open: undefined, missed });
  });

  it('is the newest moment alone, the older ones together are missed', () => {
    const missed = { moment: at('10:00'), through: at('12:00'), count: 3 };
    expect(due('10:00', '13:10')).toEqual({ open: at('13:00'), missed });
    expect(due('10:00', '12:40')).toEqual({ open: undefined, missed });
    expect(due('11:00', '13:10', 600)).toEqual({
      open: at('13:00'),
      missed: { moment: at('11:00'), through: at('12:00'), count: 2 },
    });
  });

  it('is told in bounded form after a year of a pattern of every minute', () => {
    const now = new Date('2027-11-24T10:00:30Z');
    const { open, missed } = dueMoments(
      { cron: '* * * * *', zone: 'UTC', endsAt: null, nextAt: at('10:00'), windowMinutes: 5 },
      now,
    );
    expect(open).toEqual(new Date('2027-11-24T10:00:00Z'));
    expect(missed).toEqual({ moment: at('10:00'), through: new Date('2027-11-24T09:59:59.999Z'), count: 1_000 });
  });

  it('leaves no moment without an outcome and gives none two, whenever somebody looks', () => {
    const minute = fc.integer({ min: 0, max: 3_000 });
    fc.assert(
      fc.property(
        fc.array(minute, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 200 }),
        (looks, window) => {
          let nextAt = at('00:00');
          let settled = 0;
          for (const look of looks.toSorted((a, b) => a - b)) {
            const now = new Date(at('00:00').getTime() + look * 60_000);
            const { open, missed } = dueMoments({ ...hourly, nextAt, windowMinutes: window }, now);
            settled += (open ? 1 : 0) + (missed?.count ?? 0);
            if (open || missed) nextAt = new Date((Math.floor(now.getTime() / 3_600_000) + 1) * 3_600_000);
          }
          expect(settled).toBe(Math.floor(Math.max(...looks) / 60) + 1);
        },
      ),
    );
  });
});
