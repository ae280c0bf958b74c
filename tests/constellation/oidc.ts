// As a script: node tests/constellation/oidc.ts --people FILE   (FILE: mode 0600, see People)
// Prints one line {"issuer":"http://127.0.0.1:<port>"} when it answers; ends on SIGTERM, or when its parent closes stdin.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type People, serveOidc } from './oidc-server.ts';

export interface OidcProcess {
  readonly issuer: string;
  readonly child: ChildProcess;
  /** Access token of a person. */
  token(userRef: string): Promise<string>;
  stop(): Promise<void>;
}

/** Starts the issuer as a process of its own: its key is in no other process's memory. */
export async function startOidc(people: People): Promise<OidcProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'sumveil-oidc-'));
  const file = join(folder, 'people.json');
  writeFileSync(file, JSON.stringify(people), { mode: 0o600 });
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), '--people', file], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    exited.then(() => {
      throw new Error('the OIDC issuer ended before it was ready');
    }),
  ])) as [string];
  const { issuer } = JSON.parse(line) as { issuer: string };
  return {
    issuer,
    child,
    token: (userRef) => tokenOf(issuer, userRef, people[userRef]?.secret ?? ''),
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Client credentials grant. */
export async function tokenOf(issuer: string, userRef: string, secret: string): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${userRef}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const answer = (await response.json()) as { access_token?: string; error?: string };
  if (answer.access_token === undefined) throw new Error(`no token for ${userRef}: ${answer.error}`);
  return answer.access_token;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [flag, file = ''] = process.argv.slice(2);
  if (flag !== '--people' || (statSync(file).mode & 0o077) !== 0) {
    console.error('usage: oidc.ts --people FILE; FILE must be readable by its owner only');
    process.exit(64);
  }
  // Read for each token: like a directory, it may say more about a person later.
  const server = await serveOidc(() => JSON.parse(readFileSync(file, 'utf8')) as People);
  console.log(JSON.stringify({ issuer: server.issuer }));
  const stop = () => void server.stop().then(() => process.exit(0));
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (!process.stdin.isTTY) process.stdin.resume().on('end', stop);
}
