import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** @returns the bound server; the page is made afresh for every request */
export async function statusServer(
  listen: string,
  page: () => string,
): Promise<{ port: number; url: string; server: Server }> {
  const { hostname, port } = new URL(`http://${listen}`);
  const server = createServer((request, response) => {
    const status = refusal(request);
    if (status) return response.writeHead(status).end();
    response.writeHead(200, HEADERS);
    response.end(page());
  });
  server.listen(Number(port || 80), hostname.replace(/^\[|\]$/g, ''));
  await once(server, 'listening');
  const bound = (server.address() as AddressInfo).port;
  return { port: bound, url: `http://${hostname}:${bound}/`, server };
}

/** Only GET, and only with a loopback Host: a page in the admin's browser could otherwise reach it by DNS rebinding. */
function refusal(request: IncomingMessage): number | undefined {
  const host = (request.headers.host ?? '').replace(/:\d+$/, '');
  if (!LOOPBACK.includes(host)) return 403;
  if (request.method !== 'GET') return 405;
  return request.url === '/' ? undefined : 404;
}

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};
