// npm run faults -- --seed S --schedules N [--json]: N kill schedules over runs of eight tenants, seeds S, S+1, ….
// Exit 0 when every run was committed exactly or aborted cleanly, 1 when one was wrong or hung or, of ten or more, fewer than
// 60 % were committed exactly; 64 for wrong arguments.
import { parseArgs } from 'node:util';
import { type FaultWorld, startFaultWorld } from './fault-world.ts';
import { runSchedule, type ScheduleResult, scheduleOf, TRAIN_ROUNDS } from './schedule.ts';
import { holds, LEGEND, scheduleLine, summaryOf, summaryText } from './schedule-report.ts';

const TENANTS = 8;

const HELP = `npm run faults -- [--seed S] [--schedules N] [--json]

Kills, freezes and ends api, worker, signer, connectors, Postgres and Redis at random phases of a run of eight tenants.

  --seed S       first seed, a whole number; the same seed gives the same schedule; default 1
  --schedules N  how many schedules, seeds S to S+N-1, a run each; default 30
  --json         one line of JSON on standard output, everything else on standard error:
                 {"schedules", "committedExact", "abortedClean", "wrong", "hung", "medianRecoverySeconds",
                  "strikes", "strikesMet"}

committedExact: every round of the run was released with the exact sum of its survivors. abortedClean: a round was aborted
with its reason and a later one released, or the run ended because too many rounds, or its statistics, were lost.

Exit 0; 1 when a run was wrong or hung or, of ten or more, fewer than 60 % were committedExact; 64 for wrong arguments.`;

/** Runs the schedules one after the other; a world in which something went wrong is left for a fresh one. */
export async function runSchedules(
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

/** @returns the reason, when the command line has the wrong form */
function parsed(): { seed?: string; schedules?: string; json?: boolean; help?: boolean } | string {
  const options = {
    seed: { type: 'string' },
    schedules: { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    // Node explains at length how to pass such a word as an argument; there is none.
    return `${(error as Error).message.split('. ')[0]!.replace(/\.$/, '')}.`;
  }
}

function refused(why: string): number {
  console.error(`${why}\n\n${HELP}`);
  return 64;
}

async function main(): Promise<number> {
  const values = parsed();
  if (typeof values === 'string') return refused(values);
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [seed, schedules] = [Number(values.seed ?? 1), Number(values.schedules ?? 30)];
  if (!Number.isSafeInteger(seed)) return refused('--seed takes a whole number.');
  if (!Number.isSafeInteger(schedules) || schedules < 1) return refused('--schedules takes a whole number from 1.');
  const tell = values.json ? console.error : console.log;
  const seeds = Array.from({ length: schedules }, (_, i) => seed + i);
  tell(`Starting a constellation of ${TENANTS} tenants; a schedule takes a minute or more.\n${LEGEND}`);
  const results = await runSchedules(seeds, (result) => tell(scheduleLine(result)));
  const summary = summaryOf(results);
  console.log(values.json ? JSON.stringify(summary) : summaryText(summary));
  for (const { schedule, outcome } of results.filter(({ logs }) => logs))
    tell(`repeat the ${outcome} one: npm run faults -- --seed ${schedule.seed} --schedules 1`);
  return holds(summary) ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main();
