import { secret } from '@sumveil/config';
import { z } from 'zod';
import { readConfig } from './config.ts';
import { applyMigrations } from './db/migrate.ts';

/**
 * Brings the database up to date and ends: run before the other processes of a new version, with the owner's role, which none of
 * them has. Exit code 0 also when there was nothing to do.
 */
const schema = z.object({
  databaseUrl: secret('File with the address of Postgres, the owner’s role and password', { minLength: 12 }),
});

const { databaseUrl } = readConfig(schema, process.env, process.argv);
const applied = await applyMigrations(databaseUrl);
console.log(JSON.stringify({ event: 'migrated', applied }));
