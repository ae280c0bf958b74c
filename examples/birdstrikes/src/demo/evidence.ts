import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mustSumveil, type World } from '@sumveil/constellation';
import type { Narrator } from './narrator.ts';

export interface Evidence {
  readonly report: string;
  readonly bundle: string;
  readonly trust: string;
  readonly leaves: number;
  readonly verified: boolean;
}

interface Verified {
  readonly verdict: string;
  readonly checks: readonly {
    readonly id: string;
    readonly title: string;
    readonly ok: boolean;
    readonly detail: string;
  }[];
}

const cli = fileURLToPath(import.meta.resolve('@sumveil/cli/main'));

/** What an auditor takes home: report, bundle, and from a tenant's own connector the trust file that anchors it. */
export async function exportEvidence(
  world: World,
  model: { name: string; version: number },
  out: string,
  tell: Narrator,
): Promise<Evidence> {
  tell.chapter('Evidence: exported by the auditor, verified with no network');
  const [report, bundle, trust] = ['report.html', 'bundle.zip', 'trust.json'].map((name) => join(out, name)) as [
    string,
    string,
    string,
  ];
  const auditor = { profile: world.profile(world.auditor) };
  const [name, version, why] = [model.name, String(model.version), ['--reason', 'annual review REV-2026-11']];
  tell.live('the coordinator seals report and bundle …');
  await mustSumveil(['audit', 'report', name, version, ...why, '--out', report], auditor);
  await mustSumveil(['audit', 'export', name, version, ...why, '--out', bundle], auditor);
  await mustSumveil(['connector', 'roster', 'show', '--trust', trust], { state: world.tenants[0]!.stateDir });
  tell.live('thirteen checks, without a network …');
  const { verified, isolation } = verifyAlone(bundle, trust, tell);
  if (verified.verdict === 'VERIFIED') tell.good(`VERIFIED ${isolation}`);
  else tell.bad(`${verified.verdict} ${isolation}`);
  const leaves = Number(verified.checks.map((check) => /(\d+) leaves/.exec(check.detail)?.[1]).find(Boolean) ?? 0);
  return { report, bundle, trust, leaves, verified: verified.verdict === 'VERIFIED' };
}

/** The last version, as the operator gets it. */
export async function exportModel(
  world: World,
  model: { name: string; version: number },
  out: string,
): Promise<string> {
  const file = join(out, 'model.safetensors');
  const operator = { profile: world.profile(world.operator) };
  await mustSumveil(['model', 'export', model.name, String(model.version), '--out', file], operator);
  return file;
}

/** `unshare -n` gives the verifier a network namespace without any way out; without that right the run says so. */
function verifyAlone(bundle: string, trust: string, tell: Narrator): { verified: Verified; isolation: string } {
  const verify = [process.execPath, cli, 'audit', 'verify', bundle, '--trust', trust, '--json'];
  const ways: [string, string[]][] = [
    ['with no network (unshare -n)', ['unshare', '-n', ...verify]],
    ['with no network (unshare -r -n)', ['unshare', '-r', '-n', ...verify]],
    ['on this machine’s network: it has no right to unshare', verify],
  ];
  for (const [isolation, [command, ...args]] of ways) {
    const { stdout, error } = spawnSync(command!, args, { encoding: 'utf8' });
    if (error || !stdout.startsWith('{')) continue;
    const verified = JSON.parse(stdout) as Verified;
    for (const check of verified.checks)
      tell.say(clipped(`${check.ok ? 'ok  ' : 'FAIL'} ${check.title}${check.detail ? `: ${check.detail}` : ''}`));
    return { verified, isolation };
  }
  throw new Error('the verifier did not run');
}

/** 80 columns with the indent; `sumveil audit verify` shows the whole line. */
function clipped(line: string): string {
  return line.length <= 77 ? line : `${line.slice(0, 76)}…`;
}
