import { once } from 'node:events';
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { ClientError } from '@sumveil/client';
import { ConnectorError, type ConnectorErrorCode } from '../error.ts';
import type { ControlAnswer, controlRoutes } from './routes.ts';
import { socketAddress } from './socket-address.ts';

const BODY_LIMIT = 256 * 1024;

const statuses: Partial<Record<ConnectorErrorCode, number>> = {
  BAD_REQUEST: 400,
  NOT_FOUND: 404,
  ROSTER_NONE: 409,
  ROSTER_REFUSED: 409,
  HASH_MISMATCH: 409,
  APPROVALS_MISSING: 409,
  MESSAGE_REFUSED: 422,
};

/**
 * Control API on a Unix socket that only this user can open (0600 in a 0700 folder). No network port takes orders.
 *
 * @returns closes it and removes the socket
 */
export async function controlServer(
  path: string,
  routes: ReturnType<typeof controlRoutes>,
): Promise<() => Promise<void>> {
  // Left over from a process that was killed; the state file's lock says that no other connector runs here.
  rmSync(path, { force: true });
  const server = createServer((request, response) => {
    void answer(routes, request).then(
      (given) => send(response, given),
      (error: unknown) => send(response, faultOf(error)),
    );
  });
  const umask = process.umask(0o177);
  const socket = socketAddress(path);
  server.listen(socket.address);
  process.umask(umask);
  await once(server, 'listening');
  chmodSync(path, 0o600);
  return async () => {
    server.close();
    server.closeAllConnections();
    rmSync(path, { force: true });
    socket.release();
  };
}

async function answer(routes: ReturnType<typeof controlRoutes>, request: IncomingMessage): Promise<ControlAnswer> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const handler = routes[`${request.method} ${url.pathname}`];
  if (!handler) throw new ConnectorError('NOT_FOUND', 'No such control route.');
  return await handler({ query: url.searchParams, body: await readBody(request) });
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > BODY_LIMIT) throw new ConnectorError('BAD_REQUEST', 'The body is too long.');
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function send(response: ServerResponse, { status, value }: ControlAnswer): void {
  const bytes = value instanceof Uint8Array ? value : Buffer.from(JSON.stringify(value), 'utf8');
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.byteLength });
  response.end(bytes);
}

function faultOf(error: unknown): ControlAnswer {
  if (error instanceof ConnectorError) {
    const { code, detail, next } = error;
    return { status: statuses[code] ?? 500, value: { code, detail, next } };
  }
  if (error instanceof ClientError) {
    const { code, detail, next } = error;
    return { status: 502, value: { code, detail, next } };
  }
  return {
    status: 500,
    value: { code: 'INTERNAL', detail: 'Something failed inside the connector.', next: 'See its log.' },
  };
}
