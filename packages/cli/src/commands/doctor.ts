import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { asCliError } from '../error.ts';
import { exitCode } from '../exit-code.ts';
import { table } from '../output.ts';
import type { Run } from '../program.ts';

interface Check {
  id: string;
  ok: boolean;
  detail: string;
  next: string;
}

export function registerDoctor(program: Command, run: Run): void {
  program
    .command('doctor')
    .description('can this profile reach and use the coordinator: one verdict with reason and next step')
    .action(() =>
      run(async (cli) => {
        const checks = [
          await check('api', 'sign in and ask', () => tenantsSeen(cli)),
          await check('roster', 'roster', () => rosterSeen(cli)),
          await check('log', 'audit log', () => logSeen(cli)),
        ];
        const ok = checks.every((one) => one.ok);
        cli.out.print({ ok, checks }, () =>
          table(
            ['', 'check', 'found', 'next'],
            checks.map((one) => [one.ok ? 'ok' : 'FAIL', one.id, one.detail, one.next]),
          ),
        );
        return ok ? exitCode.ok : exitCode.failed;
      }),
    );
}

async function check(id: string, what: string, ask: () => Promise<string>): Promise<Check> {
  try {
    return { id, ok: true, detail: await ask(), next: '' };
  } catch (error) {
    const { code, message, next } = asCliError(error);
    return { id, ok: false, detail: `${what}: ${code} ${message}`, next };
  }
}

async function tenantsSeen(cli: Cli): Promise<string> {
  const { runs } = await cli.management().call('listRuns', {});
  return `signed in; ${runs.length} runs visible`;
}

async function rosterSeen(cli: Cli): Promise<string> {
  const status = await cli.management().call('rosterStatus', {});
  if (!status.effective) {
    const waiting = status.members.filter((member) => !member.pinned).map((member) => member.tenantRef);
    throw new Error(`epoch ${status.epoch} is not in force; not pinned by ${waiting.join(', ')}`);
  }
  return `epoch ${status.epoch} in force, ${status.members.length} members`;
}

async function logSeen(cli: Cli): Promise<string> {
  const note = Buffer.from(await cli.management().call('checkpoint', {})).toString('utf8');
  const [origin, size] = note.split('\n');
  return `${origin}, ${size} leaves, ${note.split('\n').filter((line) => line.startsWith('— ')).length - 1} cosignatures`;
}
