import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { controlCall, SOCKET } from './call.ts';
import { controlServer } from './server.ts';
import { requireSocketPath } from './socket-address.ts';

let root: string;
afterEach(() => rmSync(root, { recursive: true, force: true }));

it.runIf(existsSync('/proc/self/fd'))('is asked in a folder whose path is longer than a socket address', async () => {
  root = mkdtempSync(join(tmpdir(), 'sumveil-socket-'));
  const folder = join(root, 'a folder with spaces'.repeat(8));
  mkdirSync(folder, { mode: 0o700 });
  const routes = { 'GET /v1/status': () => ({ status: 200, value: { state: 'ready' } }) } as never;
  const close = await controlServer(join(folder, SOCKET), routes);
  expect(existsSync(join(folder, SOCKET))).toBe(true);
  expect(await controlCall(folder, 'GET', '/v1/status')).toMatchObject({ status: 200, body: { state: 'ready' } });
  await close();
  expect(existsSync(join(folder, SOCKET))).toBe(false);
  await expect(controlCall(folder, 'GET', '/v1/status')).rejects.toMatchObject({ code: 'NOT_RUNNING' });
  await expect(controlCall(join(folder, 'none'), 'GET', '/v1/status')).rejects.toMatchObject({ code: 'NOT_RUNNING' });
});

it('is told to be too long where open files have no path', () => {
  root = '';
  expect(() => requireSocketPath('/short/control.sock', '/nowhere')).not.toThrow();
  expect(() => requireSocketPath(`/${'long'.repeat(30)}/control.sock`, '/nowhere')).toThrow(
    expect.objectContaining({ code: 'STATE', detail: expect.stringContaining('134 bytes') }),
  );
});
