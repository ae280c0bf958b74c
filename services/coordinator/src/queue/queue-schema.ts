import { errorCode, type Logger } from '@sumveil/telemetry';
import { runMigrations } from 'bullmq';
import { pinned } from '../db/pinned.ts';
import { QueueClient } from './queue-client.ts';

/** Schema, table or function that does not exist. */
const MISSING = ['3F000', '42P01', '42883'];

/**
 * Makes the queue's tables again when they are gone, as after a restore without them or a mistaken DROP SCHEMA. BullMQ makes
 * them at its start only. What the queue held is asked for again from the rows (invariant I1, fault F4).
 *
 * @returns what every error of a queue or worker is shown to
 */
export function keepSchema(url: string, schema: string, logger: Logger): (error: Error) => void {
  let rebuilding = false;
  const rebuild = async () => {
    const client = new QueueClient({ ...pinned(url), application_name: 'sumveil-queue-schema' });
    client.on('error', () => {});
    try {
      await client.connect();
      await runMigrations(client, schema);
      logger.event('queue.error', { code: 'SCHEMA_REBUILT' });
    } catch (error) {
      // The next error of a worker tries again.
      logger.event('queue.error', { code: errorCode(error) });
    } finally {
      await client.end().catch(() => {});
    }
  };
  return (error) => {
    if (rebuilding || !MISSING.includes((error as { code?: string }).code ?? '')) return;
    rebuilding = true;
    void rebuild().finally(() => {
      rebuilding = false;
    });
  };
}
