import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { World } from '@sumveil/constellation';
import type { LocalMetrics } from '@sumveil/trainers';
import { pooledScores } from '../pooled-baseline.ts';
import { birdstrikesTask } from '../task.ts';
import type { Narrator } from './narrator.ts';

interface Results {
  readonly runs: readonly {
    readonly runId: string;
    readonly lone: LocalMetrics | null;
    readonly rounds: readonly { readonly round: number; readonly federated: LocalMetrics | null }[];
  }[];
}

export interface Scores {
  readonly auc: { readonly federated: number; readonly loneMean: number; readonly pooled: number };
  readonly perTenant: readonly {
    readonly tenant: string;
    readonly rows: number;
    readonly lone: number;
    readonly federated: number;
    readonly pooled: number;
  }[];
}

/**
 * Lone, federated and pooled side by side. The demo may read ten result files and ten tables, because it is all ten
 * airlines at once; the coordinator never sees one of these numbers.
 */
export async function compareScores(world: World, runId: string, federated: number, tell: Narrator): Promise<Scores> {
  tell.chapter('What each airline gained: AUC on its own test rows (40%)');
  const task = birdstrikesTask();
  const pooled = await pooledScores(
    task,
    world.tenants.map((tenant) => tenant.csv),
  );
  const perTenant = await Promise.all(
    world.tenants.map(async (tenant, i) => {
      const own = await ownResults(tenant.resultsFile, runId);
      const rows = own.lone.trainRows + own.lone.testRows;
      return {
        tenant: tenant.name,
        rows,
        lone: own.lone.auc!,
        federated: own.federated.auc!,
        pooled: pooled.each[i]!.auc!,
      };
    }),
  );
  const loneMean = mean(perTenant.map(({ lone }) => lone));
  tell.say('airline                    rows    lone  federated  pooled');
  for (const one of perTenant) tell.say(row(one.tenant, one.rows, one.lone, one.federated, one.pooled));
  const all = [mean(perTenant.map((one) => one.federated)), mean(perTenant.map((one) => one.pooled))] as const;
  tell.say(row('mean over airlines', null, loneMean, ...all));
  tell.say(row('all test rows together', null, null, federated, pooled.together.auc!));
  const gained = perTenant.filter((one) => one.federated > one.lone).length;
  tell.say(`${gained} of ${perTenant.length} airlines gain; with few test rows chance plays a part`);
  return { auc: { federated, loneMean, pooled: pooled.together.auc! }, perTenant };
}

/** The connector writes its results after the last round's sum reached it; lone training may end a moment later. */
async function ownResults(file: string, runId: string): Promise<{ lone: LocalMetrics; federated: LocalMetrics }> {
  const until = Date.now() + 60_000;
  while (Date.now() < until) {
    const run = read(file)?.runs.find((one) => one.runId === runId);
    const federated = run?.rounds.findLast((round) => round.federated !== null)?.federated;
    if (run?.lone && federated) return { lone: run.lone, federated };
    await pause(100);
  }
  throw new Error(`${file} has no result of ${runId} after 60 s`);
}

function read(file: string): Results | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Results;
  } catch {
    return undefined;
  }
}

function row(name: string, rows: number | null, lone: number | null, federated: number, pooled: number): string {
  const score = (value: number | null) => (value === null ? '' : value.toFixed(4));
  return `${name.padEnd(24)} ${(rows ?? '').toString().padStart(6)} ${score(lone).padStart(7)} ${score(federated).padStart(10)} ${score(pooled).padStart(7)}`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
