import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';
import { afterAll, expect, it } from 'vitest';
import { startEmbeddedPostgres } from './embedded.ts';

const root = mkdtempSync(join(tmpdir(), 'sumveil embedded '));
// The unprivileged user that runs Postgres has to get in, as it does in an ordinary checkout.
chmodSync(root, 0o711);
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

it('keeps its data between starts and leaves no process', async () => {
  const dataDir = join(root, 'kept');
  const first = await startEmbeddedPostgres({ dataDir });
  await query(first.superuserUrl('sumveil'), 'CREATE TABLE kept AS SELECT 7 AS n');
  await first.stop();
  expect(existsSync(`/proc/${first.pid}`)).toBe(false);
  const second = await startEmbeddedPostgres({ dataDir });
  try {
    expect(await query(second.superuserUrl('sumveil'), 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  } finally {
    await second.stop();
  }
});

it('runs two side by side, without a TCP port, and asks every role for its password', async () => {
  const [one, two] = await Promise.all(
    ['one', 'two'].map((name) => startEmbeddedPostgres({ dataDir: join(root, name), durable: false })),
  );
  try {
    await query(one!.superuserUrl('sumveil'), 'CREATE TABLE only_here ()');
    const tables = await query(two!.superuserUrl('sumveil'), `SELECT FROM pg_tables WHERE tablename = 'only_here'`);
    expect(tables).toEqual([]);
    expect(await query(one!.superuserUrl(), 'SHOW listen_addresses')).toEqual([{ listen_addresses: '' }]);
    const foreign = new URL(one!.url('api'));
    foreign.password = new URL(two!.url('api')).password;
    await expect(query(foreign.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  } finally {
    await Promise.all([one!.stop(), two!.stop()]);
  }
});

it('dies with the process that started it', async () => {
  const dataDir = join(root, 'orphan');
  mkdirSync(dataDir);
  const module = new URL('./embedded.ts', import.meta.url).href;
  const script = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(module)});
    const { pid } = await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, durable: false });
    console.log(pid);
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [pid] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
  expect(existsSync(`/proc/${pid}`)).toBe(true);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  // The kernel sends the signal as the parent dies; the process may take a moment to be gone.
  await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 5_000 }).toBe(false);
});
