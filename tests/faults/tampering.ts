import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FaultWorld } from './fault-world.ts';
import { findFaults } from './invariants.ts';

/** What a broken invariant looks like in the rows, by the invariant that must tell. */
const changes: readonly (readonly [string, string])[] = [
  [
    'I1',
    `UPDATE outbox SET published_at = NULL, available_at = now() - interval '1 minute' WHERE id = (SELECT min(id) FROM outbox)`,
  ],
  [
    'I1',
    `WITH gone AS (DELETE FROM outbox WHERE dedupe LIKE 'deadline:%') UPDATE attempt SET phase = 'masked' WHERE round = 1`,
  ],
  ['I2', `UPDATE message SET body = convert_to('{"v":1}', 'UTF8') WHERE kind = 'm2' AND idx = 1`],
  ['I2', `DELETE FROM chunk WHERE idx = 2`],
  ['I3', `UPDATE model_version SET parent_digest = digest WHERE version = 2`],
  [
    'I3',
    `INSERT INTO model_version SELECT model, version + 100, digest, parent_digest, run_id, round + 100, agg_root FROM model_version`,
  ],
  ['I3', `UPDATE run SET prev_manifest = agg_root FROM attempt a WHERE a.run_id = run.id`],
  ['I4', `DELETE FROM privacy_charge WHERE round = 2`],
  ['I4', `UPDATE privacy_charge SET epsilon_micro = 5, cap_micro = 9, total_micro = 5`],
  ['I5', `DELETE FROM audit_dedupe WHERE key LIKE '["round.closed"%'`],
  ['I5', `DELETE FROM audit_leaf WHERE idx = 3`],
  ['I5', `UPDATE audit_leaf SET key = 'x' WHERE idx = 4`],
  ['I5', `UPDATE run SET run_seq = run_seq + 1`],
  ['I5', `UPDATE audit_checkpoint SET root = decode(repeat('00', 32), 'hex')`],
  ['I6', `UPDATE signature SET epoch = epoch + 7`],
  ['I6', `UPDATE attempt SET plan_hash = decode(repeat('ab', 32), 'hex') WHERE round = 1`],
  ['I6', `UPDATE phase_list SET members = members[1:4] WHERE phase = 'u3'`],
  ['I6', `UPDATE message SET received_at = now()`],
  ['I7', `UPDATE sum_chunk SET digest = 'sha256:' || repeat('a', 64)`],
  ['I8', `UPDATE attempt SET phase = 'masked', deadline_at = now() - interval '1 hour' WHERE round = 1`],
  [
    'I8',
    `WITH old AS (UPDATE attempt SET ended_at = now() - interval '1 hour') UPDATE run SET state = 'running', ended_at = NULL`,
  ],
];

/** Each check can fail: the rows of a run are changed past all that protects them, looked at, and put back. */
export function tampering(world: () => FaultWorld): void {
  let superuser: pg.Client;

  beforeAll(async () => {
    superuser = new pg.Client({ connectionString: world().ground.postgres.superuserUrl('sumveil') });
    await superuser.connect();
    // Triggers and foreign keys stay out of the way: what is tampered with here is what they prevent.
    await superuser.query('SET session_replication_role = replica');
  });

  afterAll(() => superuser?.end());

  async function faultsAfter(change: string): Promise<string[]> {
    await superuser.query('BEGIN');
    try {
      const { rowCount } = await superuser.query(change);
      expect(rowCount, change).toBeGreaterThan(0);
      const all = async <T>(sql: string, values: readonly unknown[] = []) =>
        (await superuser.query(sql, [...values])).rows as T[];
      return await findFaults(world(), { ...world().rows, all });
    } finally {
      await superuser.query('ROLLBACK');
    }
  }

  it.each(changes)('%s is broken by %s', async (invariant, change) => {
    expect((await faultsAfter(change)).map((fault) => fault.slice(0, 2))).toContain(invariant);
  });
}
