import type { LocalMetrics } from '@sumveil/trainers';
import type { StateDatabase } from './database.ts';

/** One released round as this tenant sees it. Never sent anywhere. */
export interface RoundResult {
  readonly round: number;
  readonly stage: string;
  /** `sha256:<hex>` of the model that the sum leads to */
  readonly modelDigest: string;
  readonly survivors: number;
  /** whether this tenant's update is in the sum */
  readonly took: boolean;
  /** the new model on this tenant's own rows; null where the stage makes no model to score */
  readonly federated: LocalMetrics | null;
}

export interface RunResults {
  readonly runId: string;
  readonly planDigest: string;
  /** a model trained on this tenant's rows alone, with as many steps; null until computed */
  readonly lone: LocalMetrics | null;
  readonly rounds: readonly RoundResult[];
}

export interface Results {
  all(): RunResults[];
  addRound(runId: string, planDigest: string, result: RoundResult): void;
  lone(runId: string): LocalMetrics | null;
  setLone(runId: string, metrics: LocalMetrics): void;
}

export function resultStore({ sql }: StateDatabase): Results {
  const rounds = sql.prepare('SELECT run_id AS runId, plan_digest AS planDigest, value FROM result ORDER BY rowid');
  const addRound = sql.prepare('INSERT INTO result VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING');
  const lone = sql.prepare('SELECT value FROM lone WHERE run_id = ?');
  const setLone = sql.prepare('INSERT INTO lone VALUES (?, ?) ON CONFLICT DO NOTHING');
  const loneOf = (runId: string): LocalMetrics | null => {
    const row = lone.get(runId);
    return row ? (JSON.parse(String(row.value)) as LocalMetrics) : null;
  };
  return {
    all() {
      const runs = new Map<string, { planDigest: string; rounds: RoundResult[] }>();
      for (const row of rounds.all()) {
        const run = runs.get(String(row.runId)) ?? { planDigest: String(row.planDigest), rounds: [] };
        run.rounds.push(JSON.parse(String(row.value)) as RoundResult);
        runs.set(String(row.runId), run);
      }
      return [...runs].map(([runId, run]) => ({
        runId,
        planDigest: run.planDigest,
        lone: loneOf(runId),
        rounds: run.rounds.toSorted((a, b) => a.round - b.round),
      }));
    },
    addRound: (runId, planDigest, result) => void addRound.run(runId, result.round, planDigest, JSON.stringify(result)),
    lone: loneOf,
    setLone: (runId, metrics) => void setLone.run(runId, JSON.stringify(metrics)),
  };
}
