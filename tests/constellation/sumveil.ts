import { Writable } from 'node:stream';
import { run } from '@sumveil/cli';

export interface CommandError {
  readonly code: string;
  readonly message: string;
  readonly next: string;
  readonly faults: readonly { path: string; message: string }[];
}

export interface CommandResult<T> {
  readonly exit: number;
  readonly value: T;
  readonly error: CommandError | undefined;
}

/** Runs one `sumveil` command line with `--json`, as the person of a profile or the admin of a connector. */
export async function sumveil<T = unknown>(
  argv: readonly string[],
  as: { profile?: string; state?: string },
): Promise<CommandResult<T>> {
  const chunks: Buffer[] = [];
  const stdout = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(chunk);
      done();
    },
  });
  const stderr = new Writable({ write: (_chunk, _encoding, done) => done() });
  const options = [...(as.profile ? ['--profile', as.profile] : []), ...(as.state ? ['--state', as.state] : [])];
  const exit = await run([...argv, '--json', ...options], { stdout, stderr, env: {} });
  const text = Buffer.concat(chunks).toString('utf8');
  const value = text === '' ? undefined : (JSON.parse(text) as T & { error?: CommandError });
  return { exit, value: value as T, error: value?.error };
}

/** The same, for steps that must succeed. */
export async function mustSumveil<T>(argv: readonly string[], as: { profile?: string; state?: string }): Promise<T> {
  const { exit, value, error } = await sumveil<T>(argv, as);
  if (exit === 0) return value;
  const faults = error?.faults.map(({ path, message }) => `\n  ${path}: ${message}`).join('') ?? '';
  throw new Error(`sumveil ${argv.join(' ')} ended with ${exit}: ${error?.code} ${error?.message}${faults}`);
}
