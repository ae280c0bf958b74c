import { type Dispatcher, getGlobalDispatcher, interceptors, request } from 'undici';
import { ClientError } from './error.ts';

export interface Credentials {
  /** Issuer as its metadata names it; https, or http on loopback. */
  readonly issuer: string;
  readonly clientId: string;
  readonly secret: string;
  /** Resource indicator (RFC 8707). */
  readonly resource?: string;
  readonly dispatcher?: Dispatcher;
  readonly now?: () => number;
}

const EARLY_MS = 30_000;
const LIMIT_MS = 10_000;

/**
 * An issuer may close a kept connection at the moment it is used again. Asking twice for a token changes nothing, so both requests
 * are repeated on another connection; what the issuer answers is never asked for again.
 */
const again = interceptors.retry({ maxRetries: 2, minTimeout: 100, methods: ['GET', 'POST'], statusCodes: [] });

/**
 * Token source for the client: OAuth 2.0 client credentials (RFC 6749 section 4.4) at the token endpoint that the issuer's
 * discovery document names. A token is used again until 30 s before it ends; callers at the same time share one request.
 *
 * @throws ClientError `TOKEN` or `ISSUER_UNREACHABLE` from the returned function
 */
export function clientCredentials(credentials: Credentials): () => Promise<string> {
  const now = credentials.now ?? Date.now;
  let held: { token: string; until: number } | undefined;
  let pending: Promise<string> | undefined;

  async function renew(): Promise<string> {
    const endpoint = await tokenEndpoint(credentials);
    const { token, seconds } = await askToken(endpoint, credentials);
    held = { token, until: now() + seconds * 1_000 - EARLY_MS };
    return token;
  }

  return async () => {
    if (held && now() < held.until) return held.token;
    pending ??= renew().finally(() => {
      pending = undefined;
    });
    return await pending;
  };
}

async function tokenEndpoint({ issuer, dispatcher }: Credentials): Promise<string> {
  assertSafe(issuer);
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const metadata = await readJson(url, { ...(dispatcher && { dispatcher }) });
  // A document for another issuer would send the secret to whoever wrote it (OpenID Connect Discovery 1.0 section 4.3).
  if (metadata.issuer !== issuer) throw tokenError(`${url} speaks for another issuer`);
  if (typeof metadata.token_endpoint !== 'string') throw tokenError(`${url} names no token endpoint`);
  assertSafe(metadata.token_endpoint);
  return metadata.token_endpoint;
}

async function askToken(endpoint: string, credentials: Credentials): Promise<{ token: string; seconds: number }> {
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (credentials.resource) form.set('resource', credentials.resource);
  const basic = `${encodeURIComponent(credentials.clientId)}:${encodeURIComponent(credentials.secret)}`;
  const answer = await readJson(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${Buffer.from(basic).toString('base64')}`,
    },
    body: form.toString(),
    ...(credentials.dispatcher && { dispatcher: credentials.dispatcher }),
  });
  if (typeof answer.access_token !== 'string') throw tokenError('the issuer sent no access token');
  return { token: answer.access_token, seconds: typeof answer.expires_in === 'number' ? answer.expires_in : 60 };
}

async function readJson(url: string, options: Parameters<typeof request>[1]): Promise<Record<string, unknown>> {
  let status: number;
  let text: string;
  try {
    const dispatcher = (options?.dispatcher ?? getGlobalDispatcher()).compose(again);
    const answer = await request(url, { ...options, dispatcher, headersTimeout: LIMIT_MS, bodyTimeout: LIMIT_MS });
    status = answer.statusCode;
    text = await answer.body.text();
  } catch (cause) {
    const next = 'Is it up, and may this machine reach it? Then try again.';
    throw new ClientError('ISSUER_UNREACHABLE', `No access token: the issuer gives no answer at ${url}.`, {
      next,
      cause,
    });
  }
  if (status !== 200) throw tokenError(`the issuer answered ${status}`);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Told below, together with JSON that is no object.
  }
  throw tokenError('the issuer sent something other than JSON');
}

/** The client's secret travels to this address. */
function assertSafe(address: string): void {
  const url = URL.parse(address);
  const loopback = url && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (!url || !(url.protocol === 'https:' || (url.protocol === 'http:' && loopback)))
    throw tokenError('the issuer must have an https address');
}

function tokenError(why: string, cause?: unknown): ClientError {
  const next = 'Check issuer, client id and secret.';
  return new ClientError('TOKEN', `No access token: ${why}.`, { next, cause });
}
