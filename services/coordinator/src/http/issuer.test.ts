import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { oidcIssuer } from './issuer.ts';

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** What asking for a key comes to at an issuer whose discovery answers so. */
async function asked(answer: (response: ServerResponse, issuer: string) => void): Promise<unknown> {
  let issuer = '';
  server = createServer((_, response) => answer(response, issuer));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return await oidcIssuer(issuer)
    .keyFor({ alg: 'ES256', kid: 'k' })
    .catch((error: Error) => error.cause);
}

it('takes no keys from an address that is neither https nor on loopback', async () => {
  const cause = await asked((response, issuer) =>
    response.end(JSON.stringify({ issuer, jwks_uri: 'http://keys.example/jwks' })),
  );
  expect(cause).toMatchObject({ code: 'CONFIG', message: expect.stringContaining('not https') });
});

it('reads no discovery document without end', async () => {
  const cause = await asked((response) => {
    const more = () => {
      while (response.write(' '.repeat(16_384)));
    };
    response.on('drain', more);
    more();
  });
  expect(cause).toMatchObject({ code: 'CONFIG', message: expect.stringContaining('bytes') });
});

it('is not configured without https', () => {
  server = createServer();
  expect(() => oidcIssuer('http://issuer.example')).toThrow(expect.objectContaining({ code: 'CONFIG' }));
});
