import { randomUUID } from 'node:crypto';
import type { Database, Tx } from '../db/client.ts';
import { CoordinatorError, isCoordinatorError } from '../error.ts';
import type { Timings } from '../timings.ts';

/** Who may write for a resource, for how long; the epoch tells this holder from every earlier one. */
export interface Lease {
  readonly resource: string;
  readonly holder: string;
  readonly epoch: bigint;
  /** Aborted as soon as the lease is known to be lost: stop, write nothing, drop results. */
  readonly signal: AbortSignal;
}

type Held = Pick<Lease, 'resource' | 'holder' | 'epoch'>;

/** Takes the lease when it is free, expired or already ours, and raises the epoch; undefined when somebody holds it. */
export async function acquireLease(
  db: Database,
  { resource, holder, ttlMs }: { resource: string; holder: string; ttlMs: number },
): Promise<bigint | undefined> {
  const rows = await db.transaction(async (tx) => {
    await queueFor(tx, resource);
    return tx.$queryRaw<{ epoch: bigint }[]>`
      INSERT INTO lease AS l (resource, epoch, holder, until)
      VALUES (${resource}, 1, ${holder}, clock_timestamp() + make_interval(secs => ${ttlMs / 1000}))
      ON CONFLICT (resource) DO UPDATE SET epoch = l.epoch + 1, holder = excluded.holder, until = excluded.until
      WHERE l.until < clock_timestamp() OR l.holder = excluded.holder
      RETURNING epoch`;
  });
  return rows[0]?.epoch;
}

/** False when the lease is no longer ours; the epoch stays. */
export async function renewLease(db: Database, lease: Held, ttlMs: number): Promise<boolean> {
  const count = await db.transaction(async (tx) => {
    await queueFor(tx, lease.resource);
    return tx.$executeRaw`
      UPDATE lease SET until = clock_timestamp() + make_interval(secs => ${ttlMs / 1000})
      WHERE resource = ${lease.resource} AND holder = ${lease.holder} AND epoch = ${lease.epoch}`;
  });
  return count === 1;
}

/**
 * Waits for those that hold the lease row now, ahead of those that come later. The row lock alone is not fair: shared locks
 * join each other, and a busy holder's own transactions would keep its renewal out until the lease has ended.
 */
async function queueFor(tx: Tx, resource: string): Promise<void> {
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`lease ${resource}`}, 0))::text`;
}

/** Lets the next one in at once; without it they wait for the end of the lease. */
export async function releaseLease(db: Database, lease: Held): Promise<void> {
  await db.statement(
    (tx) => tx.$executeRaw`
      UPDATE lease SET until = now() - interval '1 millisecond'
      WHERE resource = ${lease.resource} AND holder = ${lease.holder} AND epoch = ${lease.epoch}`,
  );
}

/**
 * First statement of every transaction that writes under a lease. The row stays share-locked until COMMIT, so nobody can
 * take over in between: a writer that slept finds another epoch here and writes nothing (invariant I6).
 *
 * @throws CoordinatorError FENCED
 */
export async function requireLease(tx: Tx, lease: Held): Promise<void> {
  const rows = await tx.$queryRaw<unknown[]>`
    WITH queued AS MATERIALIZED (
      SELECT pg_advisory_xact_lock_shared(hashtextextended(${`lease ${lease.resource}`}, 0))::text AS done
    )
    SELECT 1 FROM lease, queued
    WHERE resource = ${lease.resource} AND epoch = ${lease.epoch} AND holder = ${lease.holder} FOR SHARE OF lease`;
  fenced(rows.length, lease);
}

/** For updates that carry `AND epoch = …` themselves: no row hit means an older writer. */
export function fenced(count: number, lease: Held): void {
  if (count > 0) return;
  throw new CoordinatorError(
    'FENCED',
    `Epoch ${lease.epoch} of ${lease.resource} is over: another process has taken the lease, nothing was written.`,
  );
}

/**
 * Holds the lease while `work` runs, renewing it, and releases it afterwards. Each call is a holder of its own, so two jobs
 * of one process exclude each other too.
 *
 * @throws CoordinatorError LEASE_BUSY when somebody else holds it; FENCED when it was lost on the way
 */
export async function withLease<T>(
  db: Database,
  {
    resource,
    timings,
    onFenced,
  }: {
    resource: string;
    timings: Pick<Timings, 'lease' | 'leaseRenew'>;
    /** Told once when the lease was lost on the way. */
    onFenced?: (lease: Lease) => Promise<void>;
  },
  work: (lease: Lease) => Promise<T>,
): Promise<T> {
  const { lease: ttlMs, leaseRenew: renewMs } = timings;
  const holder = randomUUID();
  const epoch = await acquireLease(db, { resource, holder, ttlMs });
  if (epoch === undefined) throw new CoordinatorError('LEASE_BUSY', `${resource} is being worked on; try again soon.`);
  const lost = new AbortController();
  const lease: Lease = { resource, holder, epoch, signal: lost.signal };
  let goodUntil = performance.now() + ttlMs;
  const lose = () => lost.abort(new CoordinatorError('FENCED', `The lease of ${resource} was lost.`));
  const renew = async () => {
    const asked = performance.now();
    try {
      if (await renewLease(db, lease, ttlMs)) goodUntil = asked + ttlMs;
      else lose();
    } catch {
      // An unanswered renewal is no loss before the time is up.
      if (performance.now() >= goodUntil) lose();
    }
  };
  const timer = setInterval(() => void renew(), renewMs);
  let isFenced = false;
  try {
    return await work(lease);
  } catch (error) {
    isFenced = isCoordinatorError(error, 'FENCED');
    throw error;
  } finally {
    clearInterval(timer);
    if (isFenced || lost.signal.aborted) await onFenced?.(lease);
    await releaseLease(db, lease).catch(() => {});
  }
}
