import { KeyObject } from 'node:crypto';
import { createRemoteJWKSet, errors, type JWTHeaderParameters } from 'jose';
import { CoordinatorError } from '../error.ts';

export interface Issuer {
  /** Public key for a token's header, as PEM. @throws CoordinatorError UNAVAILABLE when the issuer cannot be asked */
  keyFor(header: JWTHeaderParameters): Promise<string>;
}

const TIMEOUT_MS = 3_000;
const MAX_DISCOVERY_BYTES = 65_536;
const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);

/**
 * Keys of one OIDC issuer, found by discovery at first use and kept, so that tokens pass while the issuer is down.
 *
 * @param url must be https, except on loopback
 */
export function oidcIssuer(url: string): Issuer {
  requireHttps(url, `The OIDC issuer ${url}`);
  let found: Promise<ReturnType<typeof createRemoteJWKSet>> | undefined;
  const keys = () => {
    found ??= discover(url).catch((error: unknown) => {
      found = undefined;
      throw error;
    });
    return found;
  };
  return {
    keyFor: async (header) => {
      try {
        const key = await (await keys())(header);
        return KeyObject.from(key).export({ type: 'spki', format: 'pem' }).toString();
      } catch (error) {
        if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JOSENotSupported) throw error;
        throw new CoordinatorError('UNAVAILABLE', 'The issuer of people’s tokens does not answer; try again.', {
          cause: error,
        });
      }
    },
  };
}

/** @throws CoordinatorError CONFIG, or what `fetch` throws */
export async function discover(url: string): Promise<ReturnType<typeof createRemoteJWKSet>> {
  const where = `${url.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await fetch(where, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
  const metadata = JSON.parse(await boundedText(response)) as { issuer?: unknown; jwks_uri?: unknown };
  if (metadata.issuer !== url || typeof metadata.jwks_uri !== 'string') {
    throw new CoordinatorError('CONFIG', `The discovery document of ${url} names another issuer or no keys.`);
  }
  requireHttps(metadata.jwks_uri, `The address of the keys of ${url}`);
  return createRemoteJWKSet(new URL(metadata.jwks_uri), { timeoutDuration: TIMEOUT_MS });
}

function requireHttps(url: string, what: string): void {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:' || LOOPBACK.has(hostname)) return;
  throw new CoordinatorError('CONFIG', `${what} is not https; whoever is on the way could hand in keys of their own.`);
}

async function boundedText(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.byteLength;
    if (size > MAX_DISCOVERY_BYTES)
      throw new CoordinatorError('CONFIG', `The discovery document has more than ${MAX_DISCOVERY_BYTES} bytes.`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
