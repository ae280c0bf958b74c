import { randomInt } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import { Pool } from 'pg';
import { CoordinatorError } from '../error.ts';
import { type Prisma, PrismaClient } from '../generated/prisma/client.ts';
import { withMark } from './effect.ts';
import { databaseFault, isRetryable } from './faults.ts';
import { pinned } from './pinned.ts';

export type Tx = Prisma.TransactionClient;

export interface Database {
  /** For single reads outside a transaction; everything that writes goes through `transaction`. */
  readonly prisma: PrismaClient;
  /**
   * Runs `work` in one READ COMMITTED transaction, again after a lock timeout, deadlock or write conflict (at most five
   * times, with jitter). Nothing slow belongs between BEGIN and COMMIT.
   *
   * @throws CoordinatorError DATABASE when Postgres cannot be reached
   */
  transaction<T>(work: (tx: Tx) => Promise<T>, options?: { attempts?: number }): Promise<T>;
  /** The same for work that is one statement: it needs no BEGIN and COMMIT around it. */
  statement<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  readonly poolSize?: number;
  readonly applicationName?: string;
  /** 30 s; 5 s for the signer, so that one that slept does not hold up the next (governance.md section 1). */
  readonly idleInTransactionMs?: number;
  readonly onPoolError?: (error: Error) => void;
}

const ATTEMPTS = 5;

/** Timeouts of governance.md section 9, "Fencing". */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const pool = new Pool({
    ...pinned(url),
    max: options.poolSize ?? 8,
    application_name: options.applicationName ?? 'sumveil',
    connectionTimeoutMillis: 5_000,
    statement_timeout: 15_000,
    lock_timeout: 2_000,
    idle_in_transaction_session_timeout: options.idleInTransactionMs ?? 30_000,
  });
  // Idle connections raise when the server stops; the next query reports it where somebody can act.
  pool.on('error', (error) => options.onPoolError?.(error));
  // The pool listens to idle clients only: one that is taken out when its server ends would end the process (tried).
  pool.on('connect', (client) => client.on('error', () => {}));
  const adapter = new PrismaPg(pool, { disposeExternalPool: true, statementNameGenerator: statementNames() });
  const prisma = new PrismaClient({ adapter, errorFormat: 'minimal' });
  const transaction: Database['transaction'] = (work, { attempts = ATTEMPTS } = {}) => {
    const marked = withMark(work);
    return repeat(() => prisma.$transaction(marked, { maxWait: 2_000, timeout: 10_000 }), attempts);
  };
  return {
    prisma,
    transaction,
    // With a mark it is two statements, which commit together.
    statement: (work) => (withMark(work) === work ? repeat(() => work(prisma), ATTEMPTS) : transaction(work)),
    ping: async () => {
      await prisma.$queryRaw`SELECT 1`.catch((error: unknown) => {
        throw databaseFault(error) ?? error;
      });
    },
    close: () => prisma.$disconnect(),
  };
}

/** Distinct texts that are prepared; lists of many lengths make many, and each connection holds all of them. */
const PREPARED = 500;

/** Names for prepared statements, empty for none: Postgres then parses a text once a connection instead of each time. */
function statementNames(): (query: { sql: string }) => string {
  const names = new Map<string, string>();
  return ({ sql }) => {
    const known = names.get(sql);
    if (known !== undefined || names.size >= PREPARED) return known ?? '';
    const name = `s${names.size}`;
    names.set(sql, name);
    return name;
  };
}

async function repeat<T>(run: () => Promise<T>, attempts: number): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (error instanceof CoordinatorError) throw error;
      if (attempt >= attempts || !isRetryable(error)) throw databaseFault(error) ?? error;
      await new Promise((resolve) => setTimeout(resolve, randomInt(50 * 2 ** attempt)));
    }
  }
}

/** The database's clock, to the millisecond: deadlines and leaf times never come from a process clock (fault F14). */
export async function databaseNow(tx: Tx): Promise<Date> {
  const [row] = await tx.$queryRaw<{ now: Date }[]>`SELECT date_trunc('milliseconds', clock_timestamp()) AS now`;
  return (row as { now: Date }).now;
}
