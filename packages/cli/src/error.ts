import { ClientError } from '@sumveil/client';
import { ConnectorError } from '@sumveil/connector';
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

const unavailable = new Set(['UNAVAILABLE', 'NETWORK', 'TIMEOUT', 'CONNECTION', 'TLS']);
const noPermission = new Set(['UNAUTHENTICATED', 'FORBIDDEN', 'TOKEN']);

const noFile = new Set(['ENOENT', 'EACCES', 'EISDIR', 'ENOTDIR', 'EPERM', 'EROFS', 'ENOSPC']);

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
      `${error.detail ?? error.message}${correlation}`,
      error.next ?? '',
      error.faults ?? [],
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
  const { message, code, path } = error as NodeJS.ErrnoException;
  if (path && code && noFile.has(code)) {
    return new CliError(
      exitCode.noInput,
      'FILE',
      `The file ${path} cannot be used (${code}).`,
      'Check its name and rights.',
    );
  }
  return new CliError(
    exitCode.internal,
    code ?? 'INTERNAL',
    message ?? String(error),
    'Run it again; if it stays, report it with the command line.',
  );
}
