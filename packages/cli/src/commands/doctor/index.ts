import { type Check, type CheckStatus, diagnose, diagnosisText, exitCodeOf } from '@sumveil/client';
import type { Command } from 'commander';
import type { Cli } from '../../cli.ts';
import { colors } from '../../colors.ts';
import { CliError } from '../../error.ts';
import { exitCode } from '../../exit-code.ts';
import type { Run } from '../../program.ts';
import { connectorChecks } from './connector-checks.ts';
import { coordinatorChecks } from './coordinator-checks.ts';

export function registerDoctor(program: Command, run: Run): void {
  program
    .command('doctor')
    .description(
      'one verdict, reason and next step: the coordinator as the profile reaches it, the connector of --state',
    )
    .action(() =>
      run(async (cli) => {
        const [profile, state] = [cli.profileFile() !== undefined, cli.stateDir() !== undefined];
        if (!profile && !state)
          throw new CliError(
            exitCode.usage,
            'NO_PATIENT',
            'Neither a profile nor a connector is named.',
            'Give --profile FILE for the coordinator, --state DIR for the connector on this machine, or both.',
          );
        const own = state ? await connectorChecks(cli) : [];
        const theirs = profile ? await coordinatorChecks(cli) : [];
        const named = state && profile;
        return tell(cli, [...(named ? prefixed('own', own) : own), ...theirs]);
      }),
    );
}

/** The doctor's answer, and its exit code. */
export function tell(cli: Cli, checks: readonly Check[]): number {
  const diagnosis = diagnose(checks);
  cli.out.print(diagnosis, () => diagnosisText(diagnosis, paint));
  return exitCodeOf(diagnosis);
}

function prefixed(side: string, checks: readonly Check[]): Check[] {
  return checks.map((check) => ({ ...check, id: `${side} ${check.id}` }));
}

function paint(status: CheckStatus, word: string): string {
  const color = { ok: colors.green, warn: colors.yellow, fail: colors.red }[status];
  return color(word);
}
