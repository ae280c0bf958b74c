// npm run faults -- --seed S --schedules N [--json]: N kill schedules over runs of eight tenants, seeds S, S+1, ….
// Exit 0 when every run was committed exactly or aborted cleanly, 1 when one was wrong or hung, 64 for wrong arguments.
import { parseArgs } from 'node:util';
import { type FaultWorld, startFaultWorld } from './fault-world.ts';
import { runSchedule, type ScheduleResult, scheduleOf, TRAIN_ROUNDS } from './schedule.ts';
import { scheduleLine, summaryOf } from './schedule-report.ts';

const TENANTS = 8;

/** Runs the schedules one after the other; a world in which something went wrong is left for a fresh one. */
async function runSchedules(
  seeds: readonly number[],
  onResult: (result: ScheduleResult) => void,
): Promise<ScheduleResult[]> {
  const results: ScheduleResult[] = [];
  let world: FaultWorld | undefined;
  let plan = '';
  try {
    for (const seed of seeds) {
      if (!world) {
        world = await startFaultWorld({ tenants: TENANTS });
        plan = await world.approvedPlan('schedules', TRAIN_ROUNDS);
      }
      const result = await runSchedule(world, plan, scheduleOf(seed, TENANTS));
      results.push(result);
      onResult(result);
      if (!result.logs) continue;
      await world.stop();
      world = undefined;
    }
  } finally {
    await world?.stop();
  }
  return results;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { seed: { type: 'string' }, schedules: { type: 'string' }, json: { type: 'boolean' } },
  });
  const [seed, schedules] = [Number(values.seed ?? 1), Number(values.schedules ?? 30)];
  if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(schedules) || schedules < 1) {
    console.error('usage: npm run faults -- --seed S --schedules N [--json]; whole numbers, N at least 1');
    return 64;
  }
  const tell = values.json ? console.error : console.log;
  const seeds = Array.from({ length: schedules }, (_, i) => seed + i);
  const results = await runSchedules(seeds, (result) => tell(scheduleLine(result)));
  const summary = summaryOf(results);
  console.log(values.json ? JSON.stringify(summary) : summary);
  for (const { schedule, outcome } of results.filter(({ logs }) => logs))
    tell(`repeat the ${outcome} one: npm run faults -- --seed ${schedule.seed} --schedules 1`);
  return summary.wrong + summary.hung > 0 ? 1 : 0;
}

if (import.meta.main) process.exitCode = await main();
