import { setTimeout as pause } from 'node:timers/promises';
import type { World } from '@sumveil/constellation';
import { parseLeaf } from '@sumveil/transparency';
import pg from 'pg';

/** The coordinator's rows as the owner of the schema sees them: what a test asserts, not what a process may read. */
export interface Rows {
  all<T>(sql: string, values?: readonly unknown[]): Promise<T[]>;
  one<T>(sql: string, values?: readonly unknown[]): Promise<T>;
  /** First row that a question has, asked until there is one. */
  until<T>(what: string, sql: string, values?: readonly unknown[], timeoutMs?: number): Promise<T>;
  /** Leaves of the log in order, of one type or all. */
  leaves(type?: string): Promise<(Record<string, unknown> & { type: string })[]>;
  close(): Promise<void>;
}

export async function openRows(world: World): Promise<Rows> {
  const client = new pg.Client({ connectionString: world.ground.postgres.url('owner') });
  await client.connect();
  const all = async <T>(sql: string, values: readonly unknown[] = []) =>
    (await client.query(sql, [...values])).rows as T[];
  return {
    all,
    async one<T>(sql: string, values: readonly unknown[] = []) {
      const [row] = await all<T>(sql, values);
      if (row === undefined) throw new Error(`no row: ${sql}`);
      return row;
    },
    async until<T>(what: string, sql: string, values: readonly unknown[] = [], timeoutMs = 60_000) {
      const end = Date.now() + timeoutMs;
      while (Date.now() < end) {
        const [row] = await all<T>(sql, values);
        if (row !== undefined) return row;
        await pause(20);
      }
      throw new Error(`${what}: not within ${timeoutMs} ms`);
    },
    async leaves(type) {
      const rows = await all<{ leaf: Buffer }>('SELECT leaf FROM audit_leaf ORDER BY idx');
      const leaves = rows.map(({ leaf }) => parseLeaf(leaf) as unknown as Record<string, unknown> & { type: string });
      return type === undefined ? leaves : leaves.filter((leaf) => leaf.type === type);
    },
    close: () => client.end(),
  };
}
