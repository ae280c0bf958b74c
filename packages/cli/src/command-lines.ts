import type { Command } from 'commander';
import { createProgram } from './program.ts';

/** One command as documents and tests see it. */
export interface CommandLine {
  /** Words after `sumveil`. */
  readonly words: readonly string[];
  readonly summary: string;
  readonly arguments: readonly string[];
  readonly options: readonly {
    readonly flags: string;
    readonly required: boolean;
    readonly choices?: readonly string[];
  }[];
}

/** Every command that does something, in the order of the help. */
export function commandLines(): CommandLine[] {
  const silent = { write: () => true } as unknown as NodeJS.WritableStream;
  const program = createProgram({ stdout: silent, stderr: silent, env: {} }, async () => {});
  return program.commands.flatMap((command) => below(command, []));
}

function below(command: Command, above: readonly string[]): CommandLine[] {
  const words = [...above, command.name()];
  if (command.commands.length > 0) return command.commands.flatMap((inner) => below(inner, words));
  return [
    {
      words,
      summary: command.description(),
      arguments: command.registeredArguments.map((one) => one.name()),
      options: command.options.map(({ flags, mandatory, argChoices }) => ({
        flags,
        required: mandatory,
        ...(argChoices ? { choices: argChoices } : {}),
      })),
    },
  ];
}
