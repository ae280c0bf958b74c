import { Client } from 'pg';

/**
 * Postgres checks the right to create schemas even for one that is there, and the worker has it in no database of ours: the
 * owner's function makes this one schema. A queue in a database of its own has no such function.
 */
const MAKE_SCHEMA = `DO $$ BEGIN
  IF to_regprocedure('public.make_queue_schema()') IS NULL THEN CREATE SCHEMA IF NOT EXISTS bullmq;
  ELSE PERFORM public.make_queue_schema();
  END IF;
END $$`;

const query = Client.prototype.query as (...args: unknown[]) => unknown;

/** Client of BullMQ's own connections; its only difference is how the schema is made. */
export class QueueClient extends Client {
  // Types of pg: one overload for each way of asking.
  override query = ((...args: unknown[]) =>
    query.apply(
      this,
      args[0] === 'CREATE SCHEMA IF NOT EXISTS "bullmq"' ? [MAKE_SCHEMA, ...args.slice(1)] : args,
    )) as Client['query'];
}
