import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { clientCredentials } from './credentials.ts';

let server: Server | undefined;
afterEach(() => server?.close());

/** An issuer with one client; `claimed` is the issuer its metadata names. */
async function issuer(claimed?: string): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  let url = '';
  server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    if (request.url === '/.well-known/openid-configuration') {
      response.end(JSON.stringify({ issuer: claimed ?? url, token_endpoint: `${url}/token` }));
      return;
    }
    asked.push(request.headers.authorization ?? '');
    response.end(JSON.stringify({ access_token: `t${asked.length}`, expires_in: 600 }));
  }).listen(0, '127.0.0.1');
  await new Promise((done) => server!.once('listening', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, asked };
}

describe('client credentials', () => {
  it('asks once for many callers and again shortly before the token ends', async () => {
    const { url, asked } = await issuer();
    let now = 0;
    const token = clientCredentials({ issuer: url, clientId: 'ann', secret: 's', now: () => now });
    expect(await Promise.all([token(), token()])).toEqual(['t1', 't1']);
    now = 569_999;
    expect(await token()).toBe('t1');
    now = 570_000;
    expect(await token()).toBe('t2');
    expect(asked[0]).toBe(`Basic ${Buffer.from('ann:s').toString('base64')}`);
  });

  it('tells an issuer that is away from one that refuses', async () => {
    const { url } = await issuer();
    await new Promise((done) => server!.close(done));
    await expect(clientCredentials({ issuer: url, clientId: 'a', secret: 's' })()).rejects.toMatchObject({
      code: 'ISSUER_UNREACHABLE',
      detail: expect.stringContaining(url),
    });
  });

  it('never sends the secret where another issuer or plain http beyond loopback asks for it', async () => {
    const { url, asked } = await issuer('https://elsewhere.example');
    await expect(clientCredentials({ issuer: url, clientId: 'a', secret: 's' })()).rejects.toMatchObject({
      code: 'TOKEN',
    });
    const plain = clientCredentials({ issuer: 'http://issuer.example', clientId: 'a', secret: 's' });
    await expect(plain()).rejects.toThrow(/https/);
    expect(asked).toEqual([]);
  });
});
