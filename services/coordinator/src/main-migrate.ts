import { ConfigError } from '@sumveil/config';
import { z } from 'zod';
import { databaseFields, readConfig } from './config.ts';
import { applyMigrations } from './db/migrate.ts';
import { isCoordinatorError } from './error.ts';

/**
 * Brings the database up to date and ends: run before the other processes of a new version, with the owner's role, which none of
 * them has. Exit codes: 0 also when there was nothing to do, 69 not migrated, 78 wrong configuration.
 */
try {
  const { databaseUrl } = readConfig(z.object(databaseFields), process.env, process.argv);
  console.log(JSON.stringify({ event: 'migrated', applied: await applyMigrations(databaseUrl) }));
} catch (error) {
  if (!(error instanceof ConfigError) && !isCoordinatorError(error)) throw error;
  console.error(error.message);
  process.exitCode = error instanceof ConfigError ? 78 : 69;
}
// The migration engine leaves a timer of ten seconds behind, which would hold the process that long.
process.exit();
