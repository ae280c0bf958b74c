import { readFileSync } from 'node:fs';
import { readPrivateFile } from '@sumveil/config';
import { z } from 'zod';
import { CliError } from './error.ts';
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
  try {
    const { url, caFile, issuer, clientId, secretFile } = profile.parse(JSON.parse(readFileSync(file, 'utf8')));
    return {
      url,
      issuer,
      clientId,
      ca: readFileSync(caFile, 'utf8'),
      secret: readPrivateFile(secretFile).toString('utf8').trim(),
    };
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message;
    throw new CliError(
      exitCode.config,
      'PROFILE',
      `The profile ${file} cannot be used: ${why}`,
      'Correct the file; docs/cli.md shows its five fields.',
    );
  }
}
