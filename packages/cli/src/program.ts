import { Command, CommanderError } from 'commander';
import { type Cli, createCli } from './cli.ts';
import { registerApprovals } from './commands/approvals/index.ts';
import { registerAudit } from './commands/audit/index.ts';
import { registerConnector } from './commands/connector/index.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerModel } from './commands/model/index.ts';
import { registerPlan } from './commands/plan/index.ts';
import { registerRoster } from './commands/roster/index.ts';
import { registerRun } from './commands/run/index.ts';
import { registerTenant } from './commands/tenant/index.ts';
import { asCliError } from './error.ts';
import { exitCode } from './exit-code.ts';
import { createOutput } from './output.ts';

export interface Streams {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly env: Record<string, string | undefined>;
}

/** A command; when it gives back a number, that is its exit code. */
export type Action = (cli: Cli) => Promise<unknown>;
export type Run = (action: Action) => Promise<void>;

/** Runs one command line and gives its exit code; nothing here ends the process. */
export async function run(argv: string[], { stdout, stderr, env }: Streams): Promise<number> {
  let code: number = exitCode.ok;
  const program = new Command('sumveil')
    .description('Train models across organisations that may not show each other their data.')
    .option('--json', 'one JSON value on stdout, nothing else')
    .option('--profile <file>', 'how to reach the coordinator (default: SUMVEIL_PROFILE)', env.SUMVEIL_PROFILE)
    .option(
      '--state <dir>',
      'state folder of the connector on this machine (default: SUMVEIL_CONNECTOR_STATE_DIR)',
      env.SUMVEIL_CONNECTOR_STATE_DIR,
    )
    .exitOverride()
    .configureOutput({ writeOut: (text) => void stdout.write(text), writeErr: (text) => void stderr.write(text) })
    .showHelpAfterError();
  const withCli: Run = async (action) => {
    const { json, profile, state } = program.opts<{ json?: boolean; profile?: string; state?: string }>();
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
  };
  for (const register of [
    registerTenant,
    registerRoster,
    registerPlan,
    registerApprovals,
    registerRun,
    registerModel,
    registerConnector,
    registerAudit,
    registerDoctor,
  ]) {
    register(program, withCli);
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
  }
  return code;
}
