import { parseLeaf } from '@sumveil/transparency';
import type { Client } from 'pg';

/** Steps of a round in their order; those of `evidence` wait for signatures and witnesses, the others for tenants or work. */
export const steps = [
  'opening',
  'advertise',
  'u1 signed',
  'share',
  'u2 signed',
  'masked',
  'u3 signed',
  'consistency',
  'unmask',
  'summing',
  'releasing',
] as const;
export type Step = (typeof steps)[number];

export const evidence: ReadonlySet<Step> = new Set(['opening', 'u1 signed', 'u2 signed', 'u3 signed', 'releasing']);

export interface RoundTimes {
  readonly round: number;
  readonly stage: string;
  /** Seconds of each step; they add up to `seconds`. */
  readonly steps: Readonly<Record<Step, number>>;
  /** From the opening of the round to its released sum. */
  readonly seconds: number;
  /** Unix milliseconds of the database clock. */
  readonly openedAt: number;
  readonly endedAt: number;
}

interface AttemptRow {
  id: string;
  round: number;
  attempt: number;
  stage: string;
  opened: number;
  ended: number;
}

/** Where the time of each released round went, from rows and leaves, whose times are all of the database's clock. */
export async function roundTimes(client: Client, runId: string): Promise<RoundTimes[]> {
  const { rows } = await client.query<AttemptRow>(
    `SELECT id, round, attempt, stage, extract(epoch FROM created_at)::float8 * 1000 AS opened,
            extract(epoch FROM ended_at)::float8 * 1000 AS ended
     FROM attempt WHERE run_id = $1 AND phase = 'released' ORDER BY round`,
    [runId],
  );
  const leaves = await leavesOfRun(client, runId);
  const times: RoundTimes[] = [];
  for (const row of rows) {
    const mine = leaves.filter(({ round, attempt }) => round === row.round && attempt === row.attempt);
    times.push(timesOf(row, await tasksOf(client, row.id), mine));
  }
  return times;
}

interface TimedLeaf {
  readonly type: string;
  readonly phase?: string;
  readonly round?: number;
  readonly attempt?: number;
  readonly time: string;
}

async function leavesOfRun(client: Client, runId: string): Promise<TimedLeaf[]> {
  const { rows } = await client.query<{ leaf: Buffer }>('SELECT leaf FROM audit_leaf ORDER BY idx');
  const leaves = rows.map(({ leaf }) => parseLeaf(leaf) as unknown as TimedLeaf & { run?: string });
  return leaves.filter(({ run }) => run === runId);
}

/** When each phase was opened to the tenants. */
async function tasksOf(client: Client, attemptId: string): Promise<Map<string, number>> {
  const { rows } = await client.query<{ kind: string; at: number }>(
    `SELECT kind, extract(epoch FROM min(created_at))::float8 * 1000 AS at FROM task WHERE attempt_id = $1 GROUP BY kind`,
    [attemptId],
  );
  return new Map(rows.map(({ kind, at }) => [kind, at]));
}

function timesOf(row: AttemptRow, tasks: ReadonlyMap<string, number>, leaves: readonly TimedLeaf[]): RoundTimes {
  const at = (leaf: TimedLeaf | undefined, what: string) => {
    if (!leaf) throw new Error(`round ${row.round} has no leaf ${what}`);
    return Date.parse(leaf.time);
  };
  const asked = (kind: string) => {
    const time = tasks.get(kind);
    if (time === undefined) throw new Error(`round ${row.round} has no task ${kind}`);
    return time;
  };
  const closed = (phase: string) =>
    at(
      leaves.find((leaf) => leaf.type === 'phase.closed' && leaf.phase === phase),
      `phase.closed ${phase}`,
    );
  const ends: Record<Step, number> = {
    opening: asked('advertise'),
    advertise: closed('advertise'),
    'u1 signed': asked('share'),
    share: closed('share'),
    'u2 signed': asked('masked'),
    masked: closed('masked'),
    'u3 signed': asked('consistency'),
    consistency: closed('consistency'),
    unmask: closed('unmask'),
    summing: at(
      leaves.find(({ type }) => type === 'aggregate.released'),
      'aggregate.released',
    ),
    releasing: row.ended,
  };
  const from = (step: Step) => (step === 'opening' ? row.opened : ends[steps[steps.indexOf(step) - 1]!]);
  const seconds = (step: Step) => (ends[step] - from(step)) / 1000;
  return {
    round: row.round,
    stage: row.stage,
    steps: Object.fromEntries(steps.map((step) => [step, seconds(step)])) as Record<Step, number>,
    seconds: (row.ended - row.opened) / 1000,
    openedAt: row.opened,
    endedAt: row.ended,
  };
}
