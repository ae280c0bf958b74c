import { readFileSync } from 'node:fs';
import { readPrivateFile } from '@sumveil/config';
import { z } from 'zod';
import { CliError, fileFault } from './error.ts';
import { exitCode } from './exit-code.ts';

/** How to reach a coordinator as one person. The secret stays in a private file of its own. */
const profile = z.strictObject({
  url: z.url(),
  /** Root certificate (PEM file) above the management listener. */
  caFile: z.string(),
  issuer: z.url(),
  clientId: z.string(),
  secretFile: z.string(),
});

export interface Profile {
  readonly url: string;
  readonly ca: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly secret: string;
}

/**
 * Profile from `--profile FILE` or `SUMVEIL_PROFILE` (JSON).
 *
 * @throws CliError with exit code 78
 */
export function readProfile(file: string | undefined): Profile {
  if (!file) {
    throw new CliError(
      exitCode.config,
      'NO_PROFILE',
      'No profile is given.',
      'Name one with --profile FILE or SUMVEIL_PROFILE; docs/cli.md shows its five fields.',
    );
  }
  const { url, caFile, issuer, clientId, secretFile } = parsed(file);
  return {
    url,
    issuer,
    clientId,
    ca: named('caFile', () => readFileSync(caFile, 'utf8')),
    secret: named('secretFile', () => readPrivateFile(secretFile).toString('utf8').trim()),
  };

  /** A file that the profile names. */
  function named(field: string, read: () => string): string {
    try {
      return read();
    } catch (cause) {
      const next = `Correct ${field} in the profile, or make that file readable for you alone.`;
      throw refused(`cannot be used: its ${field}: ${fileFault(cause) ?? (cause as Error).message}`, next);
    }
  }

  function parsed(path: string): z.infer<typeof profile> {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (cause) {
      const fault = fileFault(cause);
      if (!fault) throw cause;
      throw new CliError(exitCode.config, 'PROFILE', `The profile ${fault}.`, 'Check its name and your rights.');
    }
    try {
      return profile.parse(JSON.parse(text));
    } catch (cause) {
      const why = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message;
      throw refused(`cannot be used: ${why}`, 'Correct the file; docs/cli.md shows its five fields.');
    }
  }

  function refused(why: string, next: string): CliError {
    return new CliError(exitCode.config, 'PROFILE', `The profile ${file} ${why}`, next);
  }
}
