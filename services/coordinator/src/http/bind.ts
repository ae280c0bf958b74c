import type { Readable } from 'node:stream';
import type { InputOf, JsonOf, Payload, Route } from '@sumveil/wire';
import type { ConnectorPeer, Person } from './identity.ts';

/** What a handler knows of a request; identity and form are checked before it runs. */
export interface Context<R extends Route, Body = BodyOf<R>> {
  readonly params: PartOf<R, 'params'>;
  readonly query: PartOf<R, 'query'>;
  readonly body: Body;
  /** Client gone, time of a held-open request over, or process stopping. */
  readonly signal: AbortSignal;
  readonly correlationId: string;
  /** Management listener only. */
  readonly person: Person;
  /** Connector listener only. */
  readonly connector: ConnectorPeer;
  readonly remoteAddress: string;
}

type PartOf<R extends Route, K extends 'params' | 'query'> = R[K] extends Payload ? JsonOf<R[K]> : undefined;
/** Bytes come exactly as received: signatures are verified over them. */
type BodyOf<R extends Route> = R['body'] extends { bytes: true }
  ? Buffer
  : R['body'] extends Payload
    ? JsonOf<R['body']>
    : undefined;

/** JSON that fits the route's response schema, bytes or a stream for a route of bytes, undefined for none. */
export type Answer<R extends Route> = R['response'] extends { bytes: true }
  ? Uint8Array | Readable
  : R['response'] extends Payload
    ? InputOf<R['response']>
    : undefined;

export type Handler<R extends Route, Body = BodyOf<R>> = (
  context: Context<R, Body>,
) => Promise<Answer<R> | Reply<Answer<R>>>;

/** An answer with headers of its own. */
export class Reply<A> {
  readonly answer: A;
  readonly headers: Readonly<Record<string, string>>;

  constructor(answer: A, headers: Readonly<Record<string, string>>) {
    this.answer = answer;
    this.headers = headers;
  }
}

export function reply<A>(answer: A, headers: Readonly<Record<string, string>>): Reply<A> {
  return new Reply(answer, headers);
}

export interface RouteBinding {
  readonly route: Route;
  /** True when the body is handed over as it arrives, not collected in memory first. */
  readonly streams: boolean;
  readonly handler: (context: Context<Route, unknown>) => Promise<unknown>;
}

/** Binds a route of the table to the code that answers it. */
export function bind<const R extends Route>(route: R, handler: Handler<R>): RouteBinding {
  return { route, streams: false, handler: handler as unknown as RouteBinding['handler'] };
}

/** The same for large bodies: `body` is a stream that ends with TOO_LARGE beyond the route's limit. */
export function bindStream<const R extends Route>(
  route: R,
  handler: Handler<R, AsyncIterable<Uint8Array>>,
): RouteBinding {
  return { route, streams: true, handler: handler as unknown as RouteBinding['handler'] };
}
