import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Tenant, World } from '@sumveil/constellation';
import { aucDifference, aucInterval, type Interval, type Scores } from '@sumveil/learning';
import { type Dataset, type LocalMetrics, loneScores, testScores } from '@sumveil/trainers';
import { birdstrikesStages } from '../plan.ts';
import { pooledScores, readDatasets } from '../pooled-baseline.ts';
import { birdstrikesTask } from '../task.ts';
import type { Narrator } from './narrator.ts';

/** One airline's test rows, as three models rank them. */
export interface AirlineScores {
  readonly tenant: string;
  readonly trainRows: number;
  readonly testRows: number;
  /** Strikes with damage among the test rows. */
  readonly positives: number;
  readonly lone: Interval;
  readonly federated: Interval;
  readonly pooled: Interval;
  /** Federated minus lone, on the same rows. */
  readonly gain: Interval;
}

export interface Scores95 {
  readonly airlines: readonly AirlineScores[];
  /** Of the test rows of all airlines together. */
  readonly all: {
    readonly federated: Interval;
    readonly pooled: Interval;
    /** Federated minus pooled. */
    readonly difference: Interval;
  };
  readonly means: { readonly lone: number; readonly federated: number; readonly pooled: number };
}

/**
 * Lone, federated and pooled side by side. The demo may read all result files and tables, because it is all airlines at
 * once; the coordinator never sees one of these numbers.
 */
export async function compareScores(
  world: World,
  run: { id: string; rounds: number; model: Uint8Array },
): Promise<Scores95> {
  const task = birdstrikesTask();
  const paths = world.tenants.map((tenant) => tenant.csv);
  const datasets = await readDatasets(task, paths);
  const pooled = await pooledScores(task, datasets, run.rounds);
  const federated = datasets.map((dataset) => testScores({ task, model: run.model, dataset }));
  const airlines = await Promise.all(
    world.tenants.map(async (tenant, i): Promise<AirlineScores> => {
      const dataset = datasets[i]!;
      const lone = await loneScores({ task, stages: birdstrikesStages(task, run.rounds), dataset });
      const scored = { lone: sure(lone, tenant), federated: sure(federated[i]!, tenant) };
      await agreesWithConnector(tenant, run.id, scored);
      return {
        tenant: tenant.name,
        ...sizes(dataset),
        ...scored,
        pooled: sure(pooled.each[i]!, tenant),
        gain: aucDifference(federated[i]!, lone)!,
      };
    }),
  );
  const together = joined(federated);
  const meanOf = (of: 'lone' | 'federated' | 'pooled') => mean(airlines.map((one) => one[of].value));
  return {
    airlines,
    all: {
      federated: aucInterval(together)!,
      pooled: aucInterval(pooled.together)!,
      difference: aucDifference(together, pooled.together)!,
    },
    means: { lone: meanOf('lone'), federated: meanOf('federated'), pooled: meanOf('pooled') },
  };
}

export function tellScores(scores: Scores95, coordinatorsAuc: number, tell: Narrator): void {
  const { airlines, all, means } = scores;
  tell.say(line('airline', 'rows', 'alone', 'federated', 'pooled', 'gain', '95 % interval'));
  for (const one of airlines) {
    const { value, low, high } = one.gain;
    const rows = String(one.trainRows + one.testRows);
    const aucs = [one.lone, one.federated, one.pooled].map((auc) => auc.value.toFixed(4));
    tell.say(line(one.tenant, rows, ...aucs, signed(value), `${signed(low)}..${signed(high)}`));
  }
  const meansOf = [means.lone, means.federated, means.pooled].map((mean) => mean.toFixed(4));
  tell.say(line('mean over airlines', '', ...meansOf, signed(means.federated - means.lone)));
  tell.say(line('all test rows together', '', '', coordinatorsAuc.toFixed(4), all.pooled.value.toFixed(4)));
  const count = (holds: (gain: Interval) => boolean) => airlines.filter(({ gain }) => holds(gain)).length;
  const [better, surely, worse] = [count((g) => g.value > 0), count((g) => g.low > 0), count((g) => g.high < 0)];
  tell.say(`${better} of ${airlines.length} gain, ${surely} beyond chance; ${worse} lose beyond chance (0 outside)`);
}

const widths = [-23, 6, 8, 10, 8, 7, 15];

function line(...cells: readonly string[]): string {
  return cells.map((cell, i) => (widths[i]! < 0 ? cell.padEnd(-widths[i]!) : cell.padStart(widths[i]!))).join('');
}

export function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
}

function sure(scores: Scores, tenant: Tenant): Interval {
  const interval = aucInterval(scores);
  if (!interval) throw new Error(`${tenant.name} has fewer than two test rows of one class: its AUC says nothing`);
  return interval;
}

function sizes({ train, test }: Dataset) {
  return { trainRows: train.rows, testRows: test.rows, positives: test.y.reduce((sum, label) => sum + label, 0) };
}

function joined(parts: readonly Scores[]): Scores {
  const all = (of: keyof Scores) => Float64Array.from(parts.flatMap((part) => Array.from(part[of])));
  return { predictions: all('predictions'), labels: all('labels') };
}

interface Results {
  readonly runs: readonly {
    readonly runId: string;
    readonly lone: LocalMetrics | null;
    readonly rounds: readonly { readonly round: number; readonly federated: LocalMetrics | null }[];
  }[];
}

/**
 * What the demo computes from the files must be what the airline's own connector found. The connector writes its results
 * after the last round's sum reached it; lone training may end a moment later.
 *
 * @throws Error when they differ, or when the connector has no result after 60 s
 */
async function agreesWithConnector(
  tenant: Tenant,
  runId: string,
  scored: { lone: Interval; federated: Interval },
): Promise<void> {
  const until = Date.now() + 60_000;
  while (Date.now() < until) {
    const run = read(tenant.resultsFile)?.runs.find((one) => one.runId === runId);
    const federated = run?.rounds.findLast((round) => round.federated !== null)?.federated;
    if (run?.lone && federated) {
      const apart = Math.max(
        Math.abs(run.lone.auc! - scored.lone.value),
        Math.abs(federated.auc! - scored.federated.value),
      );
      if (apart < 1e-9) return;
      throw new Error(
        `${tenant.name}’s connector has another AUC than its data and the exported model give: ${apart} apart`,
      );
    }
    await pause(100);
  }
  throw new Error(`${tenant.resultsFile} has no result of ${runId} after 60 s`);
}

function read(file: string): Results | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Results;
  } catch {
    return undefined;
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
