import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Diagnosis } from '@sumveil/client';
import { postgresTarget, type StartedProcess, startCoordinatorProcess } from '@sumveil/constellation';
import pg from 'pg';
import { startProcess } from '../constellation/process.ts';
import type { Rows } from './rows.ts';
import type { StoryWorld } from './story-world.ts';

const KEYS = ['signer', 'api', 'worker'] as const;
type Kind = (typeof KEYS)[number];

/**
 * What a platform team does (docs/operations.md, Backup): the database first, online, by Postgres's own low-level backup, then the
 * artifact folder, then keys. No connector is asked, stopped or copied.
 */
export async function backUp(world: StoryWorld, to: string): Promise<void> {
  mkdirSync(to, { mode: 0o711 });
  const client = new pg.Client({ connectionString: world.ground.postgres.superuserUrl() });
  await client.connect();
  try {
    const { rows } = await client.query<{ data_directory: string }>('SHOW data_directory');
    const cluster = rows[0]!.data_directory;
    await client.query(`SELECT pg_backup_start('story', true)`);
    copy(cluster, to);
    const stopped = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)');
    // The log that the copy needs to be consistent was written up to here.
    rmSync(join(to, 'cluster', 'pg_wal'), { recursive: true });
    copy(join(cluster, 'pg_wal'), join(to, 'cluster'));
    const label = join(to, 'cluster', 'backup_label');
    writeFileSync(label, stopped.rows[0]!.labelfile);
    const { uid, gid } = statSync(join(to, 'cluster'));
    chownSync(label, uid, gid);
    for (const name of ['postmaster.pid', 'postmaster.opts']) rmSync(join(to, 'cluster', name), { force: true });
    copy(join(dirname(cluster), 'passwords.json'), to);
  } finally {
    await client.end();
  }
  for (const name of ['artifacts', ...KEYS] as const) copy(world.folders[name], to);
}

/** kill -9 of everything, and nothing of it is left: database, artifacts, keys. */
export async function destroy(world: StoryWorld, postgresFolder: string): Promise<void> {
  const own = world.ground.processes.filter(
    ({ name, child }) => name !== 'oidc' && child.exitCode === null && child.signalCode === null,
  );
  await Promise.all(own.map((one) => one.kill('SIGKILL')));
  await postgresTarget(world.ground).kill();
  for (const folder of [postgresFolder, ...(['artifacts', ...KEYS] as const).map((name) => world.folders[name])])
    empty(folder);
}

/** Puts a backup where it was and starts Postgres on it, nothing else. */
export async function restore(world: StoryWorld, from: string, postgresFolder: string): Promise<void> {
  for (const name of ['cluster', 'passwords.json']) copy(join(from, name), postgresFolder);
  for (const name of ['artifacts', ...KEYS] as const) copy(join(from, name), dirname(world.folders[name]));
  await world.ground.startPostgres();
}

export async function start(world: StoryWorld, ...kinds: Kind[]): Promise<StartedProcess[]> {
  return Promise.all(kinds.map(async (kind) => (await startCoordinatorProcess(world.ground, kind)).process));
}

/** The doctor where a process runs, with that process's own environment. */
export async function doctorOf(
  world: StoryWorld,
  kind: Kind,
  ...argv: string[]
): Promise<Diagnosis & { exit: number }> {
  const doctor = startProcess({
    name: `doctor-${kind}`,
    entry: 'services/coordinator/src/main-doctor.ts',
    args: ['--json', ...argv],
    env: { ...world.ground.env(kind), ...(kind === 'api' ? listening(world) : {}) },
    logFile: join(world.folders.logs, `doctor-${kind}.log`),
  });
  let text = '';
  doctor.child.stdout!.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const closed = new Promise((resolve) => doctor.child.once('close', resolve));
  const exit = (await doctor.ended) ?? -1;
  await closed;
  return { ...(JSON.parse(text) as Diagnosis), exit };
}

function listening({ ground }: StoryWorld): Record<string, string> {
  return { SUMVEIL_MANAGEMENT_LISTEN: `127.0.0.1:${ground.ports.get('api-1')!.management}` };
}

/** Nothing is on its way to the log any more, and every witness has cosigned all of it: what a backup then holds is the last word. */
export async function settled(rows: Rows, witnesses: number): Promise<number> {
  const { size } = await rows.until<{ size: string }>(
    'a log at rest, cosigned by all',
    `SELECT c.size FROM audit_checkpoint c
      WHERE c.size = (SELECT max(size) FROM audit_checkpoint)
        AND (SELECT count(*) FROM audit_cosig g WHERE g.size = c.size) = $1
        AND NOT EXISTS (SELECT 1 FROM audit_pending WHERE key NOT LIKE '["witness.cosigned"%')
        AND NOT EXISTS (SELECT 1 FROM sign_request r LEFT JOIN signature s ON s.request_id = r.id WHERE s.request_id IS NULL)`,
    [witnesses],
  );
  return Number(size);
}

function copy(from: string, to: string): void {
  execFileSync('cp', ['-a', from, to]);
}

function empty(folder: string): void {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true });
}
