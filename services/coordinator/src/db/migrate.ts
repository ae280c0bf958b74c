import { Client } from 'pg';
import { CoordinatorError } from '../error.ts';
import { pinned } from './pinned.ts';
import { migrationList, noFilters, withSchemaEngine } from './schema-engine.ts';

/** Any constant will do; it only has to be the same in every process that migrates. */
const MIGRATION_LOCK = 5_714_329;

/**
 * Applies what is missing of prisma/migrations and records it in `_prisma_migrations`; a second run does nothing.
 * Several processes may call it at once: one works, the others wait and then find nothing to do.
 *
 * @param ownerUrl connection string of the owner role
 * @returns names of the migrations applied by this call
 * @throws CoordinatorError MIGRATION
 */
export async function applyMigrations(ownerUrl: string): Promise<string[]> {
  const lock = new Client(pinned(ownerUrl));
  try {
    await lock.connect();
    await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const request = { migrationsList: migrationList(), filters: noFilters };
    const applied = await withSchemaEngine(ownerUrl, (engine) => engine.applyMigrations(request));
    return applied.appliedMigrationNames;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CoordinatorError(
      'MIGRATION',
      `The database was not migrated: ${reason}. Nothing of the failed migration was kept; correct the cause and start again.`,
      { cause },
    );
  } finally {
    await lock.end().catch(() => {});
  }
}
