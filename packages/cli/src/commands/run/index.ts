import type { Command } from 'commander';
import { CliError } from '../../error.ts';
import { exitCode } from '../../exit-code.ts';
import { requireForm } from '../../form.ts';
import { table } from '../../output.ts';
import type { Run } from '../../program.ts';
import { reasonText, runReason } from './reason-text.ts';
import { roundLine, waitText, watchRun } from './watch.ts';

export function registerRun(program: Command, run: Run): void {
  const command = program.command('run').description('runs of approved plans');

  command
    .command('start <digest>')
    .description('ask for a run of a plan; policy decides')
    .action((planDigest: string) =>
      run(async (cli) => {
        requireForm('digest', planDigest);
        const { runId, decision } = await cli.management().call('startRun', { params: { planDigest } });
        const why = decision.reasons.map((reason) => `  ${reason}: ${reasonText(reason)}`);
        const head = runId ? `allowed: ${runId}` : `denied (${decision.cause})`;
        cli.out.print({ runId, decision }, () => [head, ...why].join('\n'));
        return runId ? exitCode.ok : exitCode.denied;
      }),
    );

  command
    .command('list')
    .description('runs that concern you')
    .action(() =>
      run(async (cli) => {
        const { runs } = await cli.management().call('listRuns', {});
        const rows = runs.map((one) => [
          one.runId,
          one.planName,
          one.state,
          `${one.round}/${one.rounds}`,
          one.reason ?? '',
        ]);
        cli.out.print(runs, () => table(['run', 'plan', 'state', 'round', 'reason'], rows));
      }),
    );

  command
    .command('status <run>')
    .description('state of a run and its rounds')
    .action((runId: string) =>
      run(async (cli) => {
        requireForm('run', runId);
        const status = await cli.management().call('runStatus', { params: { runId }, query: {} });
        const head = `${runId}: ${status.run.state}, round ${status.run.round} of ${status.run.rounds}`;
        const why = status.run.reason === null ? [] : [runReason(status.run)];
        const by = status.run.scheduleId ? [`asked for by ${status.run.scheduleId}`] : [];
        const wait = waitText(status);
        cli.out.print(status, () => [head, ...why, ...by, ...wait, ...status.rounds.map(roundLine)].join('\n'));
      }),
    );

  command
    .command('watch <run>')
    .description('follow a run until it ends or pauses')
    .action((runId: string) =>
      run(async (cli) => {
        requireForm('run', runId);
        const status = await watchRun(cli.management(), runId, (round) => cli.out.progress(roundLine(round)));
        const why = status.run.reason === null ? '' : `: ${runReason(status.run)}`;
        cli.out.print(status, () => `${runId} ${status.run.state}${why}`);
        return status.run.state === 'completed' ? exitCode.ok : exitCode.failed;
      }),
    );

  for (const [name, description] of [
    ['pause', 'open no further round of a run; the one under way ends (platform operator)'],
    ['resume', 'let a paused run go on; policy decides its next round (platform operator)'],
  ] as const) {
    command
      .command(`${name} <run>`)
      .description(description)
      .requiredOption('--reason <code>', 'reason code, lower case with dashes')
      .requiredOption('--ticket <id>', 'ticket in your own system')
      .action((runId: string, { reason, ticket }: { reason: string; ticket: string }) =>
        run(async (cli) => {
          requireForm('run', runId);
          requireForm('ticket', ticket);
          const body = { reason: reasonCode(reason), ticket };
          const view = await cli.management().call(`${name}Run`, { params: { runId }, body });
          cli.out.print(view, () => `${runId} ${view.state}`);
        }),
      );
  }

  command
    .command('abort <run>')
    .description('stop a run; what has been released stays (platform operator)')
    .requiredOption('--reason <code>', 'reason code, lower case with dashes')
    .action((runId: string, { reason }: { reason: string }) =>
      run(async (cli) => {
        requireForm('run', runId);
        const view = await cli
          .management()
          .call('abortRun', { params: { runId }, body: { reason: reasonCode(reason) } });
        cli.out.print(view, () => `${runId} aborted`);
      }),
    );
}

/** @throws CliError for a reason that the coordinator would refuse */
function reasonCode(reason: string): string {
  if (/^[a-z0-9-]{1,40}$/.test(reason)) return reason;
  const text = 'A reason code has lower case letters, digits and dashes.';
  throw new CliError(exitCode.usage, 'REASON', text, 'Use for example operator-stop.');
}
