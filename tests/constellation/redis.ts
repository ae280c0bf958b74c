import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { freePort } from './free-port.ts';

export interface TestRedis {
  readonly url: string;
  stop(): Promise<void>;
}

/** A Redis of our own that a test may kill: what the append-only file held is there again after `start`. */
export interface OwnRedis extends TestRedis {
  readonly child: ChildProcess;
  start(): Promise<void>;
}

/**
 * The Redis of REDIS_URL, or one of our own from the redis-server on PATH: loopback, free port, nothing on disk, gone when this
 * process is gone.
 */
export async function startTestRedis(): Promise<TestRedis> {
  const given = process.env.REDIS_URL;
  return given === undefined ? startOwnRedis() : { url: given, stop: async () => {} };
}

/** @param folder of the append-only file (fsync every second); without it nothing is kept on disk */
export async function startOwnRedis(folder?: string): Promise<OwnRedis> {
  // Another process can take the port between the two binds; then the next one is tried.
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    try {
      return ownRedis(await launch(port, folder), port, folder);
    } catch (error) {
      if (attempt === 5) throw error;
    }
  }
}

function ownRedis(first: ChildProcess, port: number, folder: string | undefined): OwnRedis {
  let child = first;
  return {
    url: `redis://127.0.0.1:${port}`,
    get child() {
      return child;
    },
    async start() {
      child = await launch(port, folder);
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

async function launch(port: number, folder: string | undefined): Promise<ChildProcess> {
  const settings = {
    port,
    bind: '127.0.0.1',
    save: '',
    appendonly: folder ? 'yes' : 'no',
    appendfsync: 'everysec',
    'maxmemory-policy': 'noeviction',
    dir: folder ?? '/',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'redis-server', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit').then(() => {
    throw new Error('redis-server did not start; install it (apt-get install redis-server) or set REDIS_URL');
  });
  exited.catch(() => {});
  const ready = new Promise<void>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes('Ready to accept connections')) resolve();
    });
  });
  await Promise.race([ready, exited]);
  return child;
}
