import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Ground, layGround, startCoordinatorProcess, urlsOf } from './coordinator.ts';
import { type Folders, makeFolders } from './folders.ts';
import { newPerson, writeDirectory } from './people.ts';
import { startProcess } from './process.ts';

let folders: Folders;
let ground: Ground;

beforeAll(async () => {
  folders = makeFolders(mkdtempSync(join(tmpdir(), 'sumveil-processes-')));
  const operator = newPerson(folders.operator, 'Operator', 'platform-operator', 'platform');
  ground = await layGround(folders, writeDirectory(folders, [operator]), { durable: false });
});

afterAll(async () => {
  await Promise.allSettled(ground.processes.map((started) => started.stop()));
  await ground.postgres.stop();
  rmSync(folders.base, { recursive: true, force: true });
});

const status = (url: string) =>
  new Promise<number>((resolve, reject) => {
    const ca = readFileSync(ground.rootPemFile, 'utf8');
    request(url, { ca, agent: new Agent({ keepAlive: false }) }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    })
      .on('error', reject)
      .end();
  });

it('all three start on free ports, several api side by side, and stop within the time on SIGTERM (F23)', async () => {
  const started = await Promise.all([
    startCoordinatorProcess(ground, 'api', 1),
    startCoordinatorProcess(ground, 'api', 2),
    startCoordinatorProcess(ground, 'worker'),
    startCoordinatorProcess(ground, 'signer'),
  ]);
  const ports = started.flatMap((one) => Object.values(one.ports));
  expect(new Set(ports).size).toBe(10);
  for (const { ports: own } of started) {
    expect((await fetch(`http://127.0.0.1:${own.ops}/readyz`)).status).toBe(200);
  }
  const urls = urlsOf(started[0]!.ports);
  expect(await status(`${urls.management}/v1/tenants`)).toBe(401);
  expect(await status(`${urls.management}/docs/openapi.json`)).toBe(200);
  await expect(status(`${urls.connector}/v1/tasks`)).rejects.toThrow();
  for (const { process } of started) process.child.kill('SIGTERM');
  expect(await Promise.all(started.map(({ process }) => process.ended))).toEqual([0, 0, 0, 0]);
});

it('a wrong configuration ends a start with 78, an unreachable database with 69', async () => {
  const ended = (env: Record<string, string>) =>
    startProcess({
      name: 'api',
      entry: 'services/coordinator/src/main-api.ts',
      env,
      logFile: join(folders.logs, 'bad.log'),
    }).ended;
  const good = ground.env('api');
  const { SUMVEIL_DATABASE_URL_FILE: _, ...rest } = good;
  const nowhere = { ...rest, SUMVEIL_DATABASE_URL: 'postgres://nobody@localhost/none?host=/nowhere' };
  expect(await Promise.all([ended({ ...good, SUMVEIL_CONECTOR_LISTEN: 'x' }), ended(nowhere)])).toEqual([78, 69]);
  const log = readFileSync(join(folders.logs, 'bad.log'), 'utf8');
  expect(log).toContain('SUMVEIL_CONECTOR_LISTEN');
  expect(log).not.toContain('at async');
});
