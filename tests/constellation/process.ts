import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface StartedProcess {
  readonly name: string;
  readonly pid: number;
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  /** SIGTERM, and SIGKILL when it does not end within 10 s. */
  stop(): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

export interface ProcessOptions {
  readonly name: string;
  readonly entry: string;
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
  readonly logFile: string;
  /** A pipe tells the child when the parent is gone. */
  readonly stdin?: 'ignore' | 'pipe';
}

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Compiled code of all processes, so that the tenth starts faster than the first. */
const compileCache = `${root}.sumveil/compile-cache`;
const telemetry = ['--import', '@sumveil/telemetry/preload'];
/** util-linux: the child dies with its parent, whatever ends that. Without it a SIGKILL of the parent leaves it alone. */
const withParent = spawnSync('setpriv', ['--version']).status === 0 ? ['setpriv', '--pdeathsig', 'TERM'] : [];

/** Starts a TypeScript entry of this repository as a process of its own, with nothing of the parent's environment but PATH and HOME. */
export function startProcess(o: ProcessOptions): StartedProcess {
  const [command, ...args] = [...withParent, process.execPath, ...telemetry, `${root}${o.entry}`, ...(o.args ?? [])];
  const child = spawn(command!, args, {
    cwd: root,
    env: { NODE_COMPILE_CACHE: compileCache, ...keep('PATH', 'HOME', 'TMPDIR', 'XDG_CACHE_HOME'), ...o.env },
    stdio: [o.stdin ?? 'ignore', 'pipe', 'pipe'],
  });
  const log = createWriteStream(o.logFile, { flags: 'a', mode: 0o600 });
  child.stdout!.pipe(log, { end: false });
  child.stderr!.pipe(log, { end: false });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  const kill = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await ended;
  };
  return {
    name: o.name,
    pid: child.pid!,
    child,
    ended,
    kill,
    async stop() {
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await kill('SIGTERM');
      clearTimeout(timer);
    },
  };
}

/** First JSON line on stdout that satisfies `wanted`; fails with the end of the log when the process ends before. */
export async function readyLine<T>(
  started: StartedProcess,
  logFile: string,
  wanted: (line: Record<string, unknown>) => boolean,
): Promise<T> {
  const lines = createInterface({ input: started.child.stdout! });
  const found = new Promise<T>((resolve) => {
    lines.on('line', (line) => {
      const value = parsed(line);
      if (value && wanted(value)) resolve(value as T);
    });
  });
  const failed = started.ended.then((code) => {
    const log = readFileSync(logFile, 'utf8').trim().split('\n').slice(-12).join('\n');
    throw new Error(`${started.name} ended with ${code} before it was ready; the end of its log:\n${log}`);
  });
  return Promise.race([found, failed]);
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function keep(...names: string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]!]])),
  );
}
