import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { World } from '@sumveil/constellation';
import type { Narrator } from './narrator.ts';

/** What can be looked at while everything is left running. Paths are relative to the checkout. */
export interface LookAround {
  readonly apiDocs: string;
  readonly rootCertificate: string;
  readonly statusPages: readonly { readonly tenant: string; readonly url: string }[];
  readonly logs: string;
  readonly lines: readonly string[];
}

export function lookAround(
  world: World,
  repository: string,
  run: { id: string; model: string; version: number },
): LookAround {
  const path = (file: string) => relative(repository, file);
  const [first] = world.tenants;
  // A variable of the reader's shell, so that lines fit the terminal and can be copied.
  const within = (file: string) => `$D/${relative(world.folders.base, file)}`;
  const operator = `--profile ${within(world.profile(world.operator))}`;
  const auditor = `--profile ${within(world.profile(world.auditor))}`;
  const state = `--state ${within(first!.stateDir)}`;
  return {
    apiDocs: `${world.urls.management}/docs/`,
    rootCertificate: path(world.ground.rootPemFile),
    statusPages: world.tenants.slice(0, 2).map(({ name, stateDir }) => ({ tenant: name, url: statusUrl(stateDir) })),
    logs: path(world.folders.logs),
    lines: [
      `D=${path(world.folders.base)}`,
      `run list ${operator}`,
      `run status ${run.id} ${operator}`,
      `model list ${operator}`,
      `tenant list ${operator}`,
      `doctor ${operator}`,
      `audit report ${run.model} ${run.version} --reason look --out again.html ${auditor}`,
      `connector status ${state}`,
      `connector egress ${state}`,
      `connector results ${state}`,
      `connector doctor ${state}`,
    ].map((line) => (line.startsWith('D=') ? line : `npx sumveil ${line}`)),
  };
}

export function tellLookAround(around: LookAround, tell: Narrator): void {
  tell.chapter('Left running: look around');
  tell.say(`API, to read in a browser   ${around.apiDocs}`);
  tell.say('  its certificate hangs on this demo’s own root, so the browser warns:');
  tell.say(`  ${around.rootCertificate}`);
  for (const { tenant, url } of around.statusPages) tell.say(`${tenant.padEnd(27)} ${url}`);
  tell.say('  status pages, on loopback only: the tenant’s own numbers are on them');
  tell.say(`logs of all processes       ${around.logs}`);
  tell.say('to try in this folder, each as the person or machine it belongs to:');
  for (const line of around.lines) for (const part of folded(line)) tell.say(part);
  tell.good('Ctrl-C ends every process and removes keys, database and logs; results stay');
}

/** A command that is too wide for the terminal is folded as a shell reads it. */
export function folded(line: string, width = 75): string[] {
  if (line.length <= width) return [line];
  const at = line.lastIndexOf(' --');
  return [`${line.slice(0, at)} \\`, `  ${line.slice(at + 1)}`];
}

function statusUrl(stateDir: string): string {
  const { statusUrl: url } = JSON.parse(readFileSync(join(stateDir, 'ready.json'), 'utf8')) as { statusUrl: string };
  return url;
}
