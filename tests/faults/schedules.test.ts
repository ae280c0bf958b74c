import { expect, it } from 'vitest';
import { runSchedules } from './run-schedules.ts';
import { holds, scheduleLine, summaryOf } from './schedule-report.ts';

const everything = process.env.SUMVEIL_TEST_ALL === '1';
/** A hang is noticed by the rows long before; this is for the whole of it, on a slow machine. */
const LONG = 3 * 3_600_000;

it(
  'seeded schedules of random kills: none wrong, none hung, most of them committed exactly',
  async () => {
    const seeds = Array.from({ length: everything ? 200 : 30 }, (_, i) => i + 1);
    const results = await runSchedules(seeds, (result) => everything && console.log(scheduleLine(result)));
    const summary = summaryOf(results);
    console.log(results.map(scheduleLine).join('\n'), summary);
    expect(results.filter(({ faults }) => faults.length > 0).map(scheduleLine)).toEqual([]);
    expect(summary).toMatchObject({ schedules: seeds.length, wrong: 0, hung: 0 });
    expect(summary.strikesMet).toBeGreaterThan(0.75 * summary.strikes);
    expect(holds(summary)).toBe(true);
  },
  LONG,
);
