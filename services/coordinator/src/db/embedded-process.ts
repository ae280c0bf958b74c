import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CoordinatorError } from '../error.ts';
import type { PostgresBinaries } from './embedded-binaries.ts';

const READY = 'database system is ready to accept connections';
const START_MS = 60_000;
const FAST_SHUTDOWN_MS = 10_000;

/** Runs initdb: UTF-8, C collation (byte order, the same on every machine), scram for every role. */
export async function initialiseCluster(
  binaries: PostgresBinaries,
  cluster: string,
  passwordFile: string,
): Promise<void> {
  const child = launch(binaries, 'initdb', [
    ...['-D', cluster, '-U', 'postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
    ...['--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'],
  ]);
  const lines = lastLines(child);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw failed('initdb', lines);
}

/** Starts the server and resolves when it accepts connections. */
export async function startServer(
  binaries: PostgresBinaries,
  cluster: string,
  socketFolder: string,
  durable: boolean,
): Promise<ChildProcess> {
  const settings = {
    listen_addresses: '',
    unix_socket_directories: `"${socketFolder}"`,
    unix_socket_permissions: '0777',
    max_connections: '200',
    shared_buffers: '64MB',
    logging_collector: 'off',
    log_line_prefix: '',
    lc_messages: 'C',
    // Without fsync a commit still outlives the server's own end, as tests that kill it need; only a power cut would lose it.
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off' }),
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = launch(binaries, 'postgres', ['-D', cluster, ...args]);
  const lines = lastLines(child);
  const exited = once(child, 'close').then(() => {
    throw failed('postgres', lines);
  });
  const ready = new Promise<void>((resolve) => {
    lines.watch = (line) => {
      if (line.includes(READY)) resolve();
    };
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(failed('postgres', lines)), START_MS);
  });
  try {
    await Promise.race([ready, exited, late]);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(timer);
    exited.catch(() => {});
  }
  return child;
}

/** Fast shutdown; after 10 s the hard way. */
export async function stopServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGKILL'), FAST_SHUTDOWN_MS);
  await closed;
  clearTimeout(timer);
}

function launch(binaries: PostgresBinaries, program: string, args: string[]): ChildProcess {
  return spawn('setpriv', [...binaries.setpriv, join(binaries.root, 'bin', program), ...args], {
    cwd: '/',
    env: { PATH: process.env.PATH, TZ: 'UTC', LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

interface Lines {
  readonly kept: string[];
  watch: (line: string) => void;
}

/** Keeps reading, so that the server never blocks on a full pipe, and remembers what an error message needs. */
function lastLines(child: ChildProcess): Lines {
  const lines: Lines = { kept: [], watch: () => {} };
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      lines.kept.push(line);
      if (lines.kept.length > 20) lines.kept.shift();
      lines.watch(line);
    });
  }
  child.on('error', (error) => lines.kept.push(error.message));
  return lines;
}

function failed(program: string, lines: Lines): CoordinatorError {
  return new CoordinatorError(
    'EMBEDDED',
    `The embedded Postgres did not start: ${program} ended with\n${lines.kept.join('\n')}\nFree its data folder, or set SUMVEIL_DATABASE_URL.`,
  );
}
