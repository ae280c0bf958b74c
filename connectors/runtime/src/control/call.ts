import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { ConnectorError } from '../error.ts';
import { type SocketAddress, socketAddress } from './socket-address.ts';

export const SOCKET = 'control.sock';

export interface ControlReply {
  readonly status: number;
  /** parsed JSON */
  readonly body: unknown;
  readonly bytes: Buffer;
}

/**
 * Asks the connector that runs on this folder.
 *
 * @param body JSON value, or bytes that are sent as they are
 * @throws ConnectorError `NOT_RUNNING`
 */
export async function controlCall(
  stateDir: string,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
): Promise<ControlReply> {
  const bytes = body === undefined || body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body), 'utf8');
  const socket = openAddress(stateDir);
  const reply = new Promise<ControlReply>((resolve, reject) => {
    const call = request({ socketPath: socket.address, method, path, headers: { host: 'localhost' } }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('error', reject);
      answer.on('end', () => {
        const all = Buffer.concat(parts);
        resolve({ status: answer.statusCode ?? 0, body: parse(all), bytes: all });
      });
    });
    call.on('error', (cause) => {
      reject(notRunning(stateDir, cause));
    });
    call.end(bytes);
  });
  return await reply.finally(socket.release);
}

function openAddress(stateDir: string): SocketAddress {
  try {
    return socketAddress(join(stateDir, SOCKET));
  } catch (cause) {
    throw cause instanceof ConnectorError ? cause : notRunning(stateDir, cause);
  }
}

function notRunning(stateDir: string, cause: unknown): ConnectorError {
  if (!existsSync(stateDir))
    return new ConnectorError(
      'NOT_RUNNING',
      `There is no folder ${stateDir}.`,
      'Check the name of the state folder.',
      cause,
    );
  return new ConnectorError(
    'NOT_RUNNING',
    'No connector runs on this folder.',
    'Start it, or check the folder.',
    cause,
  );
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
