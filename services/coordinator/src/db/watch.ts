import type { Tx } from './client.ts';

const LISTENER = 'connector';
/** Ticks that may be missed before the watch counts as broken. */
const MISSED = 3;

/** Writes that somebody listens to connectors now; after a break the watch begins anew. */
export async function keepWatch(tx: Tx, everyMs: number): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO watch AS w (listener, since, seen_at) VALUES (${LISTENER}, now(), now())
    ON CONFLICT (listener) DO UPDATE SET seen_at = now(),
      since = CASE WHEN w.seen_at < now() - make_interval(secs => ${(MISSED * everyMs) / 1_000}) THEN now() ELSE w.since END`;
}

/**
 * Since when the listeners could hear connectors, in milliseconds of the database clock. While nobody listens it is this
 * very moment: a coordinator that is deaf declares nobody absent.
 */
export async function watchingSince(tx: Tx, everyMs: number): Promise<number> {
  const [row] = await tx.$queryRaw<{ since: Date }[]>`
    SELECT CASE WHEN seen_at < clock_timestamp() - make_interval(secs => ${(MISSED * everyMs) / 1_000})
                THEN clock_timestamp() ELSE since END AS since
    FROM watch WHERE listener = ${LISTENER}`;
  return row?.since.getTime() ?? 0;
}
