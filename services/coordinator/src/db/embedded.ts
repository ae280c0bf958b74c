import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { type PostgresBinaries, postgresBinaries } from './embedded-binaries.ts';
import { dataFolder, socketFolder } from './embedded-folders.ts';
import { initialiseCluster, startServer, stopServer } from './embedded-process.ts';
import { pinned } from './pinned.ts';
import { type DatabaseRole, databaseRoles, roleName } from './roles.ts';

const DATABASE = 'sumveil';

export interface EmbeddedPostgres {
  readonly pid: number;
  /** Connection string over the Unix socket, with the role's own password. */
  url(role: DatabaseRole, database?: string): string;
  superuserUrl(database?: string): string;
  /** New empty database that belongs to the owner role; `template` is copied when given. */
  createDatabase(name: string, template?: string): Promise<void>;
  stop(): Promise<void>;
}

type Passwords = Record<DatabaseRole | 'superuser', string>;

/**
 * Starts a Postgres 18 of this process's own: no TCP port, scram for every role, gone when this process is gone.
 * `dataDir` is kept between starts unless the unprivileged user that runs Postgres cannot reach it; then the data lives in the
 * system's temporary folder until `stop()`.
 *
 * @throws CoordinatorError EMBEDDED with the last lines of the server's log
 */
export async function startEmbeddedPostgres(options: {
  dataDir: string;
  durable?: boolean;
}): Promise<EmbeddedPostgres> {
  const binaries = postgresBinaries();
  const { folder, temporary } = dataFolder(binaries, options.dataDir);
  const cluster = join(folder, 'cluster');
  const secrets = join(folder, 'passwords.json');
  const sockets = socketFolder(binaries, folder);
  const fresh = !existsSync(secrets);
  const passwords = fresh ? newPasswords() : (JSON.parse(readFileSync(secrets, 'utf8')) as Passwords);
  const remove = () => {
    if (sockets.temporary) rmSync(sockets.folder, { recursive: true, force: true });
    if (temporary) rmSync(folder, { recursive: true, force: true });
  };
  const start = async () => {
    if (fresh) await createCluster(binaries, folder, cluster, passwords);
    return startServer(binaries, cluster, sockets.folder, options.durable ?? true);
  };
  const server = await start().catch((error: unknown) => {
    remove();
    throw error;
  });
  const stop = async () => {
    await stopServer(server);
    remove();
  };
  const url = (user: string, password: string, database: string) =>
    `postgres://${user}:${password}@localhost/${encodeURIComponent(database)}?host=${encodeURIComponent(sockets.folder)}`;
  const superuserUrl = (database = 'postgres') => url('postgres', passwords.superuser, database);
  const createDatabase = async (name: string, template = 'template0') => {
    await asSuperuser(superuserUrl(), [
      `CREATE DATABASE "${name}" OWNER ${roleName('owner')} TEMPLATE "${template}"`,
      `ALTER DATABASE "${name}" SET search_path = public`, // a template's settings are not copied
    ]);
  };
  try {
    if (fresh) {
      const roles = databaseRoles.map((r) => `CREATE ROLE ${roleName(r)} LOGIN PASSWORD '${passwords[r]}'`);
      await asSuperuser(superuserUrl(), roles);
      await createDatabase(DATABASE);
      writeFileSync(secrets, JSON.stringify(passwords), { mode: 0o600 });
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    pid: server.pid as number,
    url: (role, database = DATABASE) => url(roleName(role), passwords[role], database),
    superuserUrl,
    createDatabase,
    stop,
  };
}

async function createCluster(
  binaries: PostgresBinaries,
  folder: string,
  cluster: string,
  passwords: Passwords,
): Promise<void> {
  // A start that was killed half-way has no passwords file; nothing in its cluster can be used.
  rmSync(cluster, { recursive: true, force: true });
  mkdirSync(cluster, { mode: 0o700 });
  const passwordFile = join(folder, 'initdb-password');
  writeFileSync(passwordFile, passwords.superuser, { mode: 0o600 });
  try {
    if (binaries.owner !== undefined) {
      chownSync(cluster, binaries.owner, binaries.owner);
      chownSync(passwordFile, binaries.owner, binaries.owner);
    }
    await initialiseCluster(binaries, cluster, passwordFile);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

function newPasswords(): Passwords {
  const password = () => randomBytes(24).toString('base64url');
  return { superuser: password(), owner: password(), api: password(), worker: password(), signer: password() };
}

async function asSuperuser(url: string, statements: string[]): Promise<void> {
  const client = new Client(pinned(url));
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
