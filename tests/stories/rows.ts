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

/** A connection that is lost is made again: a story may kill the server behind it. */
export async function openRows(world: World, graceMs = 60_000): Promise<Rows> {
  let client: pg.Client | undefined;
  const connected = async () => {
    if (client) return client;
    const next = new pg.Client({ connectionString: world.ground.postgres.url('owner'), application_name: 'rows' });
    const forget = () => {
      if (client === next) client = undefined;
    };
    next.on('error', forget);
    next.on('end', forget);
    await next.connect();
    client = next;
    return next;
  };
  const all = async <T>(sql: string, values: readonly unknown[] = []): Promise<T[]> => {
    const end = Date.now() + graceMs;
    for (;;) {
      try {
        return (await (await connected()).query(sql, [...values])).rows as T[];
      } catch (error) {
        if (!isLost(error) || Date.now() > end) throw error;
        await pause(20);
      }
    }
  };
  await connected();
  return {
    all,
    async one<T>(sql: string, values: readonly unknown[] = []) {
      const [row] = await all<T>(sql, values);
      if (row === undefined) throw new Error(`no row: ${sql}`);
      return row;
    },
    async until<T>(what: string, sql: string, values: readonly unknown[] = [], timeoutMs = 120_000) {
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
    close: async () => client?.end(),
  };
}

function isLost(error: unknown): boolean {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  return /^(57P0[123]|08...|ECONN|ENOENT|EPIPE)/.test(code) || /Connection terminated|not queryable/.test(message);
}
