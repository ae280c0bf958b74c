import { readFileSync } from 'node:fs';
import { checkPlanLearning } from '@sumveil/learning';
import { readPlanFile, SecaggError } from '@sumveil/secagg';
import { digestOf, manifestFaults } from '@sumveil/wire';
import type { Command } from 'commander';
import { CliError } from '../../error.ts';
import { exitCode } from '../../exit-code.ts';
import { requireForm } from '../../form.ts';
import { table } from '../../output.ts';
import type { Run } from '../../program.ts';

export function registerPlan(program: Command, run: Run): void {
  const plan = program.command('plan').description('plan files that people approve');

  plan
    .command('validate <file>')
    .description('check a plan file without a coordinator; lists every fault with its path')
    .action((file: string) =>
      run(async (cli) => {
        const bytes = readFileSync(file);
        const faults = planFaults(bytes);
        if (faults.length > 0)
          throw new CliError(
            exitCode.refused,
            'PLAN_INVALID',
            `${file} has ${faults.length} fault${faults.length > 1 ? 's' : ''}`,
            'Correct every fault, then validate again.',
            faults,
          );
        const planDigest = digestOf(bytes);
        cli.out.print({ file, planDigest, valid: true }, () => `${file} is valid\n${planDigest}`);
      }),
    );

  plan
    .command('submit <file>')
    .description('submit a plan file; approvals bind to its digest')
    .action((file: string) =>
      run(async (cli) => {
        const submitted = await cli.management().call('submitPlan', { body: readFileSync(file) });
        cli.out.print(submitted, () => `plan ${submitted.name} submitted\n${submitted.planDigest}`);
      }),
    );

  plan
    .command('list')
    .description('plans that concern you')
    .action(() =>
      run(async (cli) => {
        const { plans } = await cli.management().call('listPlans', {});
        cli.out.print(plans, () =>
          table(
            ['submitted', 'name', 'digest'],
            plans.map((one) => [one.submittedAt, one.name, one.planDigest]),
          ),
        );
      }),
    );

  plan
    .command('show <digest>')
    .description('the plan file, exact bytes')
    .action((planDigest: string) =>
      run(async (cli) => {
        requireForm('digest', planDigest);
        const bytes = await cli.management().call('planFile', { params: { planDigest } });
        const text = Buffer.from(bytes).toString('utf8');
        cli.out.print({ planDigest, text }, () => text);
      }),
    );
}

function planFaults(bytes: Uint8Array): { path: string; message: string }[] {
  try {
    const value = readPlanFile(bytes);
    const faults = manifestFaults(value);
    const learning = value as { task: unknown; stages: unknown };
    return faults.some(({ path }) => path === '' || path.startsWith('stages') || path === 'task')
      ? faults
      : [...faults, ...checkPlanLearning(learning)];
  } catch (error) {
    if (error instanceof SecaggError) return [{ path: '', message: error.detail ?? error.message }];
    throw error;
  }
}
