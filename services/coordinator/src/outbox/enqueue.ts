import type { Tx } from '../db/client.ts';
import { channels } from '../db/notify.ts';
import type { Topic } from '../queue/topics.ts';

export interface OutboxJob {
  readonly topic: Topic;
  readonly ref: string;
  /** Names the change that wants the work: the same change asks once, however often it is tried. */
  readonly dedupe: string;
  /** Not before this time of the database's clock. */
  readonly availableAt?: Date;
}

/** Asks for work in the transaction that makes it due. False when this `dedupe` has asked before. */
export async function enqueue(tx: Tx, { topic, ref, dedupe, availableAt }: OutboxJob): Promise<boolean> {
  const [row] = await tx.$queryRaw<{ written: number }[]>`
    WITH asked AS (
      INSERT INTO outbox (topic, ref, dedupe, available_at)
      VALUES (${topic}, ${ref}, ${dedupe}, coalesce(${availableAt ?? null}::timestamptz, now()))
      ON CONFLICT (dedupe) DO NOTHING RETURNING 1
    ), woken AS (SELECT pg_notify(${channels.outbox}, '') FROM asked)
    SELECT ((SELECT count(*) FROM asked) + 0 * (SELECT count(*) FROM woken))::int AS written`;
  return row?.written === 1;
}
