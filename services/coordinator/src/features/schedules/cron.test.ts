import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cadenceFaults, firstAfter, momentsAfter } from './cron.ts';

const moments = (cron: string, zone: string, from: string, count: number, endsAt: Date | null = null) =>
  momentsAfter({ cron, zone, endsAt }, new Date(from))
    .take(count)
    .map((moment) => moment.toISOString().replace(':00.000Z', 'Z'))
    .toArray();
const now = new Date('2026-11-24T12:00:00Z');
const faults = (cron: string, zone = 'UTC', endsAt: Date | null = null) => cadenceFaults({ cron, zone, endsAt }, now);

describe('moments of a pattern', () => {
  it('keep to the wall clock of their zone when daylight saving begins: a time that is skipped comes after the gap', () => {
    expect(moments('30 2 * * *', 'Europe/Berlin', '2027-03-26T12:00:00Z', 4)).toEqual([
      '2027-03-27T01:30Z',
      '2027-03-28T01:30Z', // 03:30, as 02:30 does not exist
      '2027-03-29T00:30Z',
      '2027-03-30T00:30Z',
    ]);
  });

  it('come once when daylight saving ends and the time happens twice', () => {
    expect(moments('30 2 * * *', 'Europe/Berlin', '2026-10-23T12:00:00Z', 4)).toEqual([
      '2026-10-24T00:30Z',
      '2026-10-25T00:30Z', // the first 02:30, still in summer time
      '2026-10-26T01:30Z',
      '2026-10-27T01:30Z',
    ]);
  });

  it('are the same ones whenever somebody asks, also in the middle of an hour that is skipped or comes twice', () => {
    const changes = [
      ['Europe/Berlin', '2026-10-25T01:00Z'],
      ['Europe/Berlin', '2027-03-28T01:00Z'],
      ['America/New_York', '2026-11-01T06:00Z'],
      ['Antarctica/Troll', '2026-10-25T01:00Z'], // two hours
    ] as const;
    const patterns = ['30 2 * * *', '15,45 1-3 * * *', '*/30 2 * * *', '0 * * * *', '10 0,1 * * *'];
    fc.assert(
      fc.property(
        fc.constantFrom(...changes),
        fc.constantFrom(...patterns),
        fc.integer({ min: -300, max: 300 }),
        ([zone, change], cron, minutes) => {
          const at = new Date(Date.parse(change) + minutes * 60_000);
          const dayBefore = new Date(Date.parse(change) - 86_400_000).toISOString();
          const all = moments(cron, zone, dayBefore, 80).filter((moment) => new Date(moment) > at);
          expect(moments(cron, zone, at.toISOString(), 5)).toEqual(all.slice(0, 5));
        },
      ),
    );
    // Settled late, in the second 02:10: the second 02:30 is no further moment.
    expect(moments('30 2 * * *', 'Europe/Berlin', '2026-10-25T01:10:00Z', 1)).toEqual(['2026-10-26T01:30Z']);
  });

  it('know leap days, the last day of a month and the first Monday', () => {
    expect(moments('0 0 29 2 *', 'UTC', '2026-01-01T00:00:00Z', 2)).toEqual(['2028-02-29T00:00Z', '2032-02-29T00:00Z']);
    expect(moments('0 0 L * *', 'UTC', '2026-02-01T00:00:00Z', 1)).toEqual(['2026-02-28T00:00Z']);
    expect(moments('0 0 * * MON#1', 'UTC', '2026-01-01T00:00:00Z', 1)).toEqual(['2026-01-05T00:00Z']);
  });

  it('lie after the time asked for, never on it, and not beyond the end', () => {
    const end = new Date('2026-01-03T02:00:00Z');
    expect(moments('0 2 * * *', 'UTC', '2026-01-01T02:00:00Z', 9, end)).toEqual([
      '2026-01-02T02:00Z',
      '2026-01-03T02:00Z',
    ]);
    expect(firstAfter({ cron: '0 2 * * *', zone: 'UTC', endsAt: end }, end)).toBeNull();
  });
});

describe('faults of a pattern', () => {
  it.each(['0 2 * * 1-5', '*/15 8-17 * JAN,MAR MON-FRI', '0 0 29 2 *', '0 0 L * *', '5 4 1 * 7'])(
    'has none: %s',
    (cron) => expect(faults(cron, 'Europe/Berlin')).toEqual([]),
  );

  it.each([
    ['61 0 * * *', 'cron, minute', '61'],
    ['0 24 * * *', 'cron, hour', '24'],
    ['0 0 32 * *', 'cron, day of month', '32'],
    ['0 0 * 13 *', 'cron, month', '13'],
    ['0 0 * * FRI-MON', 'cron, day of week', 'FRI-MON'],
    ['*/0 0 * * *', 'cron, minute', '0'],
    ['H 0 * * *', 'cron, minute', 'H'],
    ['0 0 ? * *', 'cron, day of month', '?'],
    ['0 0 * *', 'cron', 'has 4 fields'],
    ['0 0 0 * * *', 'cron', 'has 6 fields'],
    ['0 0 30 2 *', 'cron', 'never comes'],
    ['0 0 31 2,4 *', 'cron', 'never comes'],
  ])('names the field: %s', (cron, path, word) => {
    expect(faults(cron)).toEqual([{ path, message: expect.stringContaining(word) }]);
  });

  it('tells every one at once, the zone too', () => {
    expect(faults('61 24 * * *', 'Mars/Olympus').map(({ path }) => path)).toEqual([
      'cron, minute',
      'cron, hour',
      'zone',
    ]);
    for (const zone of ['+02:00', 'Europe Berlin', '']) expect(faults('0 0 * * *', zone)).toHaveLength(1);
  });

  it('tells an end before the first moment', () => {
    expect(faults('0 0 1 1 *', 'UTC', new Date('2026-12-31T00:00:00Z'))).toEqual([
      { path: 'endsAt', message: expect.stringContaining('before the first moment') },
    ]);
  });
});
