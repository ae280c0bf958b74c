import { ClientError } from '@sumveil/client';
import { ConnectorError } from '@sumveil/connector';
import { IdentityError } from '@sumveil/identity';
import { TransparencyError } from '@sumveil/transparency';
import { type ExitCode, exitCode } from './exit-code.ts';

/** A failure that a person reads: what happened, why, what to do next. */
export class CliError extends Error {
  readonly exit: number;
  readonly code: string;
  readonly next: string;
  readonly faults: readonly { path: string; message: string }[];

  constructor(
    exit: ExitCode | number,
    code: string,
    message: string,
    next: string,
    faults: readonly { path: string; message: string }[] = [],
  ) {
    super(message);
    this.name = 'CliError';
    this.exit = exit;
    this.code = code;
    this.next = next;
    this.faults = faults;
  }
}

const unavailable = new Set([
  'UNAVAILABLE',
  'NETWORK',
  'TIMED_OUT',
  'TIMEOUT',
  'CONNECTION',
  'TLS',
  'ISSUER_UNREACHABLE',
]);
const noPermission = new Set(['UNAUTHENTICATED', 'FORBIDDEN', 'TOKEN']);

/** Where the coordinator's own advice is for programs: this tool has waited and repeated already, and shows no header. */
const nextForPeople: Readonly<Record<string, string>> = {
  UNAVAILABLE: 'Try again in a minute; if it stays, tell the platform operator, with the correlation id.',
  RATE_LIMITED: 'Try again in a minute.',
};

/** What the system says of a file, for people. */
const fileFaults: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read or written by you',
  EPERM: 'may not be read or written by you',
  EISDIR: 'is a folder',
  ENOTDIR: 'lies below something that is no folder',
  EROFS: 'lies on a read-only disk',
  ENOSPC: 'does not fit on the disk',
};

/** Any thrown value as a CliError; unknown ones keep their text out of the way of scripts but not of people. */
export function asCliError(error: unknown): CliError {
  if (error instanceof CliError) return error;
  if (error instanceof ClientError) {
    const exit = unavailable.has(error.code)
      ? exitCode.unavailable
      : noPermission.has(error.code)
        ? exitCode.noPermission
        : exitCode.refused;
    const correlation = error.correlationId ? ` (correlation id ${error.correlationId})` : '';
    return new CliError(
      exit,
      error.code,
      `${error.detail}${correlation}`,
      nextForPeople[error.code] ?? error.next,
      error.faults,
    );
  }
  if (error instanceof ConnectorError) {
    return new CliError(
      error.code === 'NOT_RUNNING' ? exitCode.unavailable : exitCode.refused,
      error.code,
      error.detail,
      error.next,
    );
  }
  if (error instanceof IdentityError) {
    return new CliError(
      exitCode.noInput,
      error.code,
      error.message,
      'Give a file that `sumveil approvals keygen` made.',
    );
  }
  if (error instanceof TransparencyError) {
    const next = 'Take the trust file from a tenant: `sumveil connector roster show --trust FILE`.';
    return new CliError(exitCode.usage, error.code, firstLine(error.message), next);
  }
  const fault = fileFault(error);
  if (fault) return new CliError(exitCode.noInput, 'FILE', `${fault}.`, 'Check name and rights.');
  const { message, code } = error as NodeJS.ErrnoException;
  return new CliError(
    exitCode.internal,
    code ?? 'INTERNAL',
    message ?? String(error),
    'Run it again; if it stays, report it with the command line.',
  );
}

/** A fault of the file system as a sentence without its end; undefined for any other error. */
export function fileFault(error: unknown): string | undefined {
  const { code, path } = error as NodeJS.ErrnoException;
  return code && fileFaults[code] ? `${path ?? 'The file'} ${fileFaults[code]}` : undefined;
}

function firstLine(text: string): string {
  return text.split('\n')[0]!;
}
