import { bad, type Check, clockCheck, good } from '@sumveil/client';
import { Client } from 'pg';
import { type Database, databaseNow, openDatabase } from '../db/client.ts';
import { errorLayerCode } from '../db/faults.ts';
import { pinned } from '../db/pinned.ts';
import { roleName } from '../db/roles.ts';
import { migrationList } from '../db/schema-engine.ts';

export type Db = Database['prisma'];

/** Runs `look` on a connection with the process's own role, or says why there is none. No address is shown: it holds a password. */
export async function withDatabase(
  kind: 'api' | 'worker' | 'signer',
  url: string,
  look: (db: Db) => Promise<Check[]>,
): Promise<Check[]> {
  const db = openDatabase(url, { poolSize: 1, applicationName: `sumveil-doctor-${kind}` });
  try {
    await connectOnce(url);
    return await look(db.prisma);
  } catch (error) {
    const code = errorLayerCode(error);
    const [why, next] = faults[code ?? ''] ?? [
      `does not answer${code ? ` (${code})` : ''}`,
      'Is Postgres running, and reachable from here?',
    ];
    return [bad('database', `the database ${why}`, next)];
  } finally {
    await db.close().catch(() => {});
  }
}

/** The driver alone says plainly why it cannot connect; Prisma wraps it. */
async function connectOnce(url: string): Promise<void> {
  const client = new Client({ ...pinned(url), connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  await client.connect();
  await client.end();
}

const faults: Readonly<Record<string, readonly [string, string]>> = {
  '28P01': [
    'refuses the password of this role',
    'Put the current address into the file that SUMVEIL_DATABASE_URL_FILE names.',
  ],
  '28000': ['refuses this role', 'Create the role (prisma/README.md) or correct the address.'],
  '3D000': ['does not exist on this server', 'Create it, or correct the name in the address.'],
  '42P01': ['has no tables of ours', 'Run main-migrate.ts with the owner’s address.'],
  '42501': ['does not give this role its rights', 'Run main-migrate.ts with the owner’s address.'],
  ECONNREFUSED: ['does not answer (ECONNREFUSED)', 'Start Postgres, or correct host and port of the address.'],
  ENOTFOUND: ['cannot be found: its name does not resolve', 'Correct the host of the address, or the name server.'],
};

export async function databaseChecks(kind: 'api' | 'worker' | 'signer', db: Db, now: () => number): Promise<Check[]> {
  const [row] = await db.$queryRaw<{ name: string }[]>`SELECT current_user AS name`;
  const wanted = roleName(kind);
  const role =
    row!.name === wanted
      ? good('database', `connected as ${wanted}`)
      : bad(
          'database',
          `connected as ${row!.name}, not as ${wanted}`,
          'Each process logs in with its own role: correct the address.',
        );
  const before = now();
  const clock = (await databaseNow(db)).getTime() - (before + now()) / 2;
  return [role, clockCheck('the database', clock), await migrationsCheck(db)];
}

async function migrationsCheck(db: Db): Promise<Check> {
  const known = migrationList().migrationDirectories.map(({ path }) => path);
  const [table] = await db.$queryRaw<
    { there: boolean }[]
  >`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS there`;
  const rows = table!.there
    ? await db.$queryRaw<{ name: string; done: boolean }[]>`
        SELECT migration_name AS name, finished_at IS NOT NULL AS done FROM _prisma_migrations WHERE rolled_back_at IS NULL`
    : [];
  const done = new Set(rows.filter((row) => row.done).map((row) => row.name));
  const missing = known.filter((name) => !done.has(name));
  const unknown = rows.map(({ name }) => name).filter((name) => !known.includes(name));
  if (missing.length > 0)
    return bad(
      'migrations',
      `not applied: ${missing.join(', ')}`,
      'Run main-migrate.ts of this release with the owner’s address.',
    );
  if (unknown.length > 0)
    return bad(
      'migrations',
      `this release does not know ${unknown.join(', ')}`,
      'The database is newer than this program: start the release that fits.',
    );
  return good('migrations', `all ${known.length} applied, none unknown`);
}
