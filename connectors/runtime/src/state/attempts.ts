import type { StateDatabase } from './database.ts';

/** Facts of one attempt; flags say what has been sent, never what was in it. */
export interface AttemptRow {
  readonly runId: string;
  readonly round: number;
  readonly attempt: number;
  /** base64url */
  readonly planHash: string;
  readonly m2Sent: boolean;
  readonly m3Sent: boolean;
  readonly m4Sent: boolean;
  readonly aborted: boolean;
}

/** How far a run has come by what this connector checked and computed itself. */
export interface JobRow {
  readonly finishedRound: number;
  /** base64url */
  readonly lastManifest: string;
  /** `sha256:<hex>` of the plan file under which the rounds were finished; null before the first */
  readonly planDigest: string | null;
  /** `sha256:<hex>` of the model that the last finished sum leads to; null before the first */
  readonly model: string | null;
}

export const NO_MANIFEST = 'A'.repeat(43);
export const NOTHING_FINISHED: JobRow = { finishedRound: 0, lastManifest: NO_MANIFEST, planDigest: null, model: null };

export interface Finished {
  readonly round: number;
  /** base64url */
  readonly previous: string;
  readonly manifest: string;
  /** `sha256:<hex>` */
  readonly planDigest: string;
  readonly model: string;
}

export interface Attempts {
  job(runId: string): JobRow;
  of(runId: string): AttemptRow[];
  byPlan(planHash: string): AttemptRow | undefined;
  /** Stores what must be stored before M0 leaves. Throws when (run, round, attempt) or the plan hash is known. */
  open(row: Pick<AttemptRow, 'runId' | 'round' | 'attempt' | 'planHash'>, at: number): void;
  /** Each sets its flag once; false when it was set already, or may not be set any more. */
  markM2(planHash: string): boolean;
  markM3(planHash: string): boolean;
  markM4(planHash: string): boolean;
  markAborted(planHash: string): boolean;
  /**
   * Last finished round, last manifest and model move together. False unless `previous` is still the last manifest and the
   * plan file is that of the rounds before.
   */
  finish(runId: string, to: Finished): boolean;
}

const COLUMNS = `run_id AS runId, round, attempt, plan_hash AS planHash,
  m2_sent AS m2, m3_sent AS m3, m4_sent AS m4, aborted`;

export function attemptStore({ sql }: StateDatabase): Attempts {
  const job = sql.prepare(
    `SELECT finished_round AS finishedRound, last_manifest AS lastManifest, plan_digest AS planDigest, model
     FROM job WHERE run_id = ?`,
  );
  const byRun = sql.prepare(`SELECT ${COLUMNS} FROM attempt WHERE run_id = ? ORDER BY round, attempt`);
  const byPlan = sql.prepare(`SELECT ${COLUMNS} FROM attempt WHERE plan_hash = ?`);
  const insert = sql.prepare('INSERT INTO attempt (run_id, round, attempt, plan_hash, at) VALUES (?, ?, ?, ?, ?)');
  const newJob = sql.prepare('INSERT INTO job (run_id, last_manifest) VALUES (?, ?) ON CONFLICT DO NOTHING');
  const m2 = sql.prepare('UPDATE attempt SET m2_sent = 1 WHERE plan_hash = ? AND m2_sent = 0 AND aborted = 0');
  const m3 = sql.prepare('UPDATE attempt SET m3_sent = 1 WHERE plan_hash = ? AND m3_sent = 0 AND aborted = 0');
  // One compare-and-set for both: only one of the two can ever be true (section 15).
  const m4 = sql.prepare('UPDATE attempt SET m4_sent = 1 WHERE plan_hash = ? AND m4_sent = 0 AND aborted = 0');
  const aborted = sql.prepare('UPDATE attempt SET aborted = 1 WHERE plan_hash = ? AND m4_sent = 0 AND aborted = 0');
  const finish = sql.prepare(
    `UPDATE job SET finished_round = :round, last_manifest = :manifest, plan_digest = :planDigest, model = :model
     WHERE run_id = :runId AND last_manifest = :previous AND finished_round < :round
       AND coalesce(plan_digest, :planDigest) = :planDigest`,
  );
  const once = (statement: typeof m2) => (planHash: string) => statement.run(planHash).changes === 1;
  return {
    job: (runId) => (job.get(runId) as JobRow | undefined) ?? NOTHING_FINISHED,
    of: (runId) => byRun.all(runId).map(rowOf),
    byPlan(planHash) {
      const row = byPlan.get(planHash);
      return row && rowOf(row);
    },
    open({ runId, round, attempt, planHash }, at) {
      newJob.run(runId, NO_MANIFEST);
      insert.run(runId, round, attempt, planHash, at);
    },
    markM2: once(m2),
    markM3: once(m3),
    markM4: once(m4),
    markAborted: once(aborted),
    finish(runId, to) {
      newJob.run(runId, NO_MANIFEST);
      return finish.run({ runId, ...to }).changes === 1;
    },
  };
}

function rowOf(row: Record<string, unknown>): AttemptRow {
  return {
    runId: String(row.runId),
    round: Number(row.round),
    attempt: Number(row.attempt),
    planHash: String(row.planHash),
    m2Sent: row.m2 === 1,
    m3Sent: row.m3 === 1,
    m4Sent: row.m4 === 1,
    aborted: row.aborted === 1,
  };
}
