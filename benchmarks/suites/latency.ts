import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { World } from '@sumveil/constellation';
import { Client } from 'pg';
import { type CpuTimes, cpuTimes, groups } from '../latency/cpu-times.ts';
import { evidence, type RoundTimes, roundTimes, steps } from '../latency/round-times.ts';
import { approvedRun } from '../latency/run.ts';
import { type Measured, medianOf, type Result, resultOf, type Suite, type SuiteContext, UsageError } from '../suite.ts';

/** Training rounds left out, as far as one remains: connections, compiled code and caches are new. */
const WARM_UP = 3;

/**
 * Latency of training rounds without faults: from the row that opens a round to the one that releases its sum, over the
 * demo's ten airlines, each connector a process, on a durable Postgres. docs/performance.md says what is counted how.
 */
export const latency: Suite = {
  about: 'time of a round by phase; minutes [--tenants 5..10] [--rounds 2..100]',
  options: {
    tenants: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '15' },
  },
  async run(context) {
    const tenants = numberIn('tenants', context.values.tenants, 5, 10);
    const rounds = numberIn('rounds', context.values.rounds, 2, 100);
    const run = await approvedRun(context, { tenants, rounds });
    const client = new Client({ connectionString: run.world.ground.postgres.url('owner') });
    try {
      await client.connect();
      const runId = await run.start();
      const cpu = await follow(context, client, run.world, runId);
      const times = await roundTimes(client, runId);
      return measuredOf(
        times.filter(({ stage }) => stage === 'train'),
        cpu,
      );
    } finally {
      await client.end();
      await run.close();
    }
  },
};

function numberIn(name: string, value: unknown, least: number, most: number): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < least || number > most)
    throw new UsageError(`--${name} takes a whole number from ${least} to ${most}.`);
  return number;
}

/** Follows the run to its end. @returns processor seconds so far at the release of each round */
async function follow({ tell }: SuiteContext, client: Client, world: World, runId: string) {
  const cpu = new Map<number, CpuTimes>();
  await client.query('LISTEN sumveil_run');
  for (;;) {
    const news = once(client, 'notification');
    const { rows } = await client.query<{ state: string; reason: string | null; round: number; seconds: number }>(
      `SELECT r.state, r.reason, a.round, extract(epoch FROM a.ended_at - a.created_at)::float8 AS seconds
       FROM run r JOIN attempt a ON a.run_id = r.id AND a.phase = 'released' WHERE r.id = $1 ORDER BY a.round DESC LIMIT 1`,
      [runId],
    );
    const [last] = rows;
    const now = last && !cpu.has(last.round) ? cpuTimes(world) : undefined;
    if (last && now) {
      cpu.set(last.round, now);
      tell(`round ${String(last.round).padStart(2)}  ${last.seconds.toFixed(2)} s`);
    }
    if (last?.state === 'completed') break;
    if (last && last.state !== 'running') throw new Error(`the run ended ${last.state}: ${last.reason}`);
    await Promise.race([news, pause(1_000)]);
  }
  await lastLeaf(client, runId);
  return cpu;
}

/** The last leaves are sequenced a moment after their rows are written. */
async function lastLeaf(client: Client, runId: string): Promise<void> {
  const key = JSON.stringify(['run.completed', runId]);
  while ((await client.query('SELECT 1 FROM audit_leaf WHERE key = $1', [key])).rowCount === 0) await pause(50);
}

function measuredOf(training: readonly RoundTimes[], cpu: ReadonlyMap<number, CpuTimes>): Measured {
  const kept = training.slice(Math.min(WARM_UP, training.length - 1));
  const before = (round: number) => training.find((one) => one.round === round - 1)!;
  const waited = (one: RoundTimes) => steps.filter((s) => evidence.has(s)).reduce((sum, s) => sum + one.steps[s], 0);
  const results: Result[] = [
    resultOf(
      'round',
      's',
      kept.map(({ seconds }) => seconds),
    ),
    ...steps.map((step) =>
      resultOf(
        step,
        's',
        kept.map((one) => one.steps[step]),
      ),
    ),
    resultOf(
      'release to release',
      's',
      kept.map((one) => (one.endedAt - before(one.round).endedAt) / 1000),
    ),
    ...groups.flatMap((group) => {
      const samples = kept.flatMap(({ round }) => {
        const [from, to] = [cpu.get(round - 1), cpu.get(round)];
        return from && to ? [to[group] - from[group]] : [];
      });
      return samples.length > 0 ? [resultOf(group, 'cpu s', samples)] : [];
    }),
  ];
  return { results, ratios: { evidenceShare: medianOf(kept.map((one) => waited(one) / one.seconds)) } };
}
