import { type Route, routes } from '@sumveil/wire';
import { Agent, type Dispatcher } from 'undici';
import { readAnswer } from './answer.ts';
import type { CallAnswer, CallInput, CallOptions, RouteTable } from './call.ts';
import { ClientError } from './error.ts';
import { type Patience, patience } from './patience.ts';
import { type RawInput, type WireRequest, writeRequest } from './request.ts';
import { withRetries } from './retry.ts';

/** Above the 25 s for which an answer may be held open. */
const LONG_POLL_MS = 40_000;
const QUIET_MS = 60_000;
const TRIES = 4;

export interface ClientOptions {
  readonly baseUrl: string;
  /** Options of `node:tls` for this peer, for example from `clientTls` of @sumveil/identity. */
  readonly tls?: object;
  /** Used instead of an own agent; not closed by `close`. */
  readonly dispatcher?: Dispatcher;
  /** Access token for the management listener, asked for before each try. */
  readonly token?: () => Promise<string>;
  /** Tries of a repeatable call, default 4. */
  readonly tries?: number;
  /** A call ends when nothing has come for this long, ms; default 60 s, 40 s where an answer may be held open. */
  readonly quietMs?: number;
}

export interface Client<T extends RouteTable> {
  /** @throws ClientError */
  call<N extends keyof T & string>(name: N, input: CallInput<T[N]>): Promise<CallAnswer<T[N]>>;
  /** New connections use these TLS options; requests under way end on the old ones. */
  replaceTls(tls: object): void;
  close(): Promise<void>;
}

/** Client of the routes in `table` (all of them when left out), typed by their definitions. */
export function createClient(options: ClientOptions): Client<typeof routes>;
export function createClient<T extends RouteTable>(table: T, options: ClientOptions): Client<T>;
export function createClient(first: RouteTable | ClientOptions, second?: ClientOptions): Client<RouteTable> {
  const table: RouteTable = second ? (first as RouteTable) : routes;
  const options = second ?? (first as ClientOptions);
  const origin = new URL(options.baseUrl).origin;
  let agent = options.dispatcher ?? newAgent(options.tls);

  async function call(name: string, input: CallInput<Route>): Promise<unknown> {
    const route = table[name];
    if (!route) throw new ClientError('INPUT', `no route is called ${name}`);
    const request = writeRequest(route, input as RawInput);
    const { signal, timeoutMs: wholeMs } = input as CallOptions;
    const quietMs = options.quietMs ?? (route.longPoll ? LONG_POLL_MS : QUIET_MS);
    const waiting = patience(quietMs, { signal, wholeMs });
    const tries = request.repeatable ? (options.tries ?? TRIES) : 1;
    try {
      return await withRetries(() => tryOnce(route, request, waiting), { tries, signal: waiting.signal });
    } finally {
      waiting.end();
    }
  }

  async function tryOnce(route: Route, request: WireRequest, { signal, came }: Patience): Promise<unknown> {
    const headers = { ...request.headers };
    if (options.token) headers.authorization = `Bearer ${await options.token()}`;
    try {
      const answer = await agent.request({
        origin,
        path: request.path,
        method: route.method,
        headers,
        body: request.body ?? null,
        signal,
        headersTimeout: LONG_POLL_MS,
        // The call's own patience judges the body.
        bodyTimeout: 0,
      });
      return await readAnswer(route, answer, came);
    } catch (error) {
      throw asClientError(route, error, signal);
    }
  }

  return {
    call: call as Client<RouteTable>['call'],
    replaceTls(tls) {
      const old = agent;
      agent = newAgent(tls);
      if (old !== options.dispatcher) old.close().catch(() => {});
    },
    async close() {
      if (agent !== options.dispatcher) await agent.destroy();
    },
  };
}

/** HTTP/1.1 with keep-alive below the server's 30 s, so that a request does not meet a closing socket. */
function newAgent(tls: object | undefined): Agent {
  return new Agent({ connect: { timeout: 10_000, ...tls }, keepAliveTimeout: 20_000, keepAliveMaxTimeout: 25_000 });
}

function asClientError(route: Route, error: unknown, signal: AbortSignal): ClientError {
  if (error instanceof ClientError) return error;
  if (signal.aborted) {
    const timedOut = signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError';
    return timedOut
      ? new ClientError('TIMED_OUT', `${route.name}: no answer in time.`, { cause: error })
      : new ClientError('ABORTED', `${route.name}: stopped by the caller.`, { cause: error });
  }
  const code = networkCode(error);
  return new ClientError('NETWORK', `${route.name}: no connection, or it broke (${code}).`, {
    next: 'Check address, network and certificate of the coordinator.',
    cause: error,
  });
}

function networkCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : 'unknown';
}
