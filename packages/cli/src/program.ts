import { Command, CommanderError } from 'commander';
import { type Cli, createCli } from './cli.ts';
import { registerApprovals } from './commands/approvals/index.ts';
import { registerAudit } from './commands/audit/index.ts';
import { registerConnector } from './commands/connector/index.ts';
import { registerDoctor } from './commands/doctor/index.ts';
import { registerModel } from './commands/model/index.ts';
import { registerPlan } from './commands/plan/index.ts';
import { registerRoster } from './commands/roster/index.ts';
import { registerRun } from './commands/run/index.ts';
import { registerSchedule } from './commands/schedule/index.ts';
import { registerTenant } from './commands/tenant/index.ts';
import { asCliError, CliError } from './error.ts';
import { exitCode } from './exit-code.ts';
import { createOutput } from './output.ts';
import { version } from './version.ts';

export interface Streams {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly env: Record<string, string | undefined>;
}

/** A command; when it gives back a number, that is its exit code. */
export type Action = (cli: Cli) => Promise<unknown>;
export type Run = (action: Action) => Promise<void>;

const registrations = [
  registerTenant,
  registerRoster,
  registerPlan,
  registerApprovals,
  registerRun,
  registerSchedule,
  registerModel,
  registerConnector,
  registerAudit,
  registerDoctor,
];

/** The whole tree of commands; `run` carries out what a command line asks for. */
export function createProgram(
  { stdout, stderr, env }: Streams,
  run: (program: Command, action: Action) => Promise<void>,
) {
  const program = new Command('sumveil')
    .description('Train models across organisations that may not show each other their data.')
    .option('--json', 'one JSON value on stdout, nothing else')
    .option('--profile <file>', 'how to reach the coordinator (default: SUMVEIL_PROFILE)', env.SUMVEIL_PROFILE)
    .option(
      '--state <dir>',
      'state folder of the connector on this machine (default: SUMVEIL_CONNECTOR_STATE_DIR)',
      env.SUMVEIL_CONNECTOR_STATE_DIR,
    )
    .version(version, '--version', 'the release')
    .exitOverride()
    .configureOutput({ writeOut: (text) => void stdout.write(text), writeErr: (text) => void stderr.write(text) })
    .showHelpAfterError();
  for (const register of registrations) register(program, (action) => run(program, action));
  return program;
}

/** Runs one command line and gives its exit code; nothing here ends the process. */
export async function run(argv: string[], streams: Streams): Promise<number> {
  const { stdout, stderr } = streams;
  let code: number = exitCode.ok;
  const program = createProgram(streams, async (self, action) => {
    const { json, profile, state } = self.opts<{ json?: boolean; profile?: string; state?: string }>();
    const cli = createCli(createOutput({ json: json === true, stdout, stderr }), { profile, stateDir: state });
    try {
      const answer = await action(cli);
      if (typeof answer === 'number') code = answer;
    } catch (error) {
      const shown = asCliError(error);
      cli.out.fail(shown);
      code = shown.exit;
    } finally {
      await cli.close();
    }
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return exitCode.ok;
    // People have read it on stderr by now; scripts read stdout.
    if (argv.includes('--json')) {
      const usage = new CliError(
        exitCode.usage,
        'USAGE',
        error.message,
        'The same command with --help shows its form.',
      );
      createOutput({ json: true, stdout, stderr }).fail(usage);
    }
    return exitCode.usage;
  }
  return code;
}
