import { controlCall } from '@sumveil/connector';
import type { Cli } from '../../cli.ts';
import { CliError } from '../../error.ts';
import { exitCode } from '../../exit-code.ts';

/** Asks the running connector over its Unix socket; its refusals become the command's. */
export async function askConnector<T>(cli: Cli, method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
  const { status, body: answer } = await controlCall(requireState(cli), method, path, body);
  if (status < 300) return answer as T;
  const {
    code = 'REFUSED',
    detail = `The connector answered ${status}.`,
    next = '',
  } = answer as { code?: string; detail?: string; next?: string };
  throw new CliError(exitCode.refused, code, detail, next);
}

export async function askConnectorForBytes(cli: Cli, path: string): Promise<Buffer> {
  const { status, body, bytes } = await controlCall(requireState(cli), 'GET', path);
  if (status < 300) return bytes;
  const {
    code = 'REFUSED',
    detail = `The connector answered ${status}.`,
    next = '',
  } = body as { code?: string; detail?: string; next?: string };
  throw new CliError(exitCode.refused, code, detail, next);
}

export function requireState(cli: Cli): string {
  const state = cli.stateDir();
  if (state) return state;
  throw new CliError(
    exitCode.usage,
    'NO_STATE',
    'No connector is named.',
    'Give its state folder with --state DIR or SUMVEIL_CONNECTOR_STATE_DIR.',
  );
}
