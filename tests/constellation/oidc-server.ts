import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import Provider, { type Configuration } from 'oidc-provider';

/** userRef -> how they sign in and what their tokens say (governance.md section 2, "Tests and demo"). */
export type People = Record<
  string,
  { readonly secret: string; readonly sumveil_tenant: string; readonly sumveil_roles: readonly string[] }
>;

export interface OidcServer {
  readonly issuer: string;
  stop(): Promise<void>;
}

/**
 * Issuer of people's tokens for tests and demo, on loopback, with a key of its own. Each person is a client that gets a token for
 * its secret; there is no login page, and no password that anybody could type.
 */
export async function serveOidc(people: () => People): Promise<OidcServer> {
  // The issuer's address carries the port, so the port is bound before the provider exists.
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: randomBytes(8).toString('hex'), alg: 'ES256', use: 'sig' };
  const provider = new Provider(issuer, configuration(people, key));
  const answer = provider.callback();
  server.on('request', (request, response) => void answer(request, response));
  return {
    issuer,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function configuration(people: () => People, key: object): Configuration {
  return {
    jwks: { keys: [key] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    clientDefaults: { id_token_signed_response_alg: 'ES256', redirect_uris: [], response_types: [] },
    clients: Object.entries(people()).map(([client_id, { secret }]) => ({
      client_id,
      client_secret: secret,
      grant_types: ['client_credentials'],
    })),
    extraTokenClaims: (_, token) => {
      const person = people()[(token as { clientId?: string }).clientId ?? ''];
      return { sumveil_tenant: person?.sumveil_tenant, sumveil_roles: person?.sumveil_roles };
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'urn:sumveil-api',
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          audience: 'sumveil-api',
          scope: '',
          accessTokenTTL: 600,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  } as Configuration;
}
