import type { StateDatabase } from './database.ts';

export type EgressWhat =
  | 'm0'
  | 'm1'
  | 'chunk'
  | 'm2'
  | 'm3'
  | 'm4'
  | 'abort'
  | 'refusal'
  | 'approvers'
  | 'local-policy'
  | 'roster-approve'
  | 'cosignature'
  // No bytes: a round below the default floors was joined (secure-aggregation section 2).
  | 'below-floor';

/** What left the site: kind, digest and size, never content. */
export interface EgressEntry {
  readonly what: EgressWhat;
  /** `sha256:<hex>` of the exact bytes */
  readonly digest: string;
  readonly bytes: number;
  readonly runId?: string;
  readonly round?: number;
  readonly attempt?: number;
  readonly planHash?: string;
  /** gate code of a refusal, cause of an abort */
  readonly code?: string;
}

export interface EgressRow extends EgressEntry {
  readonly seq: number;
  /** RFC 3339, UTC, ms */
  readonly at: string;
}

export interface Egress {
  /** Committed when this returns: call it before the bytes leave. The same bytes sent again for one plan count once. */
  record(entry: EgressEntry, at: number): void;
  /** Of the newest entry of this kind for a plan. */
  digestOf(planHash: string, what: EgressWhat): string | undefined;
  /** Newest first. */
  list(o?: { limit?: number; before?: number }): EgressRow[];
}

export function egressStore({ sql }: StateDatabase): Egress {
  const insert = sql.prepare(
    `INSERT INTO egress (at, what, digest, bytes, run_id, round, attempt, plan_hash, code)
     SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
     WHERE ?8 IS NULL OR NOT EXISTS (SELECT 1 FROM egress WHERE plan_hash = ?8 AND what = ?2 AND digest = ?3)`,
  );
  const newest = sql.prepare('SELECT digest FROM egress WHERE plan_hash = ? AND what = ? ORDER BY seq DESC LIMIT 1');
  const select = sql.prepare(
    `SELECT seq, at, what, digest, bytes, run_id AS runId, round, attempt, plan_hash AS planHash, code
     FROM egress WHERE seq < ? ORDER BY seq DESC LIMIT ?`,
  );
  return {
    record(entry, at) {
      const { what, digest, bytes, runId, round, attempt, planHash, code } = entry;
      insert.run(
        at,
        what,
        digest,
        bytes,
        runId ?? null,
        round ?? null,
        attempt ?? null,
        planHash ?? null,
        code ?? null,
      );
    },
    digestOf: (planHash, what) => newest.get(planHash, what)?.digest as string | undefined,
    list({ limit = 100, before = Number.MAX_SAFE_INTEGER } = {}) {
      return select.all(before, limit).map((row) => {
        const known = Object.entries(row).filter(([, value]) => value !== null);
        return { ...Object.fromEntries(known), at: new Date(Number(row.at)).toISOString() } as unknown as EgressRow;
      });
    },
  };
}
