import type { InputOf, JsonOf, Route } from '@sumveil/wire';

/** Route table: what `createClient` makes its calls from. */
export type RouteTable = Readonly<Record<string, Route>>;

type Part<R, K extends 'params' | 'query' | 'body'> = R extends { readonly [P in K]: infer S }
  ? { readonly [P in K]: InputOf<S> }
  : unknown;

// A query whose fields all have defaults may be left out.
type QueryPart<R> = R extends { readonly query: infer S }
  ? Record<string, never> extends InputOf<S>
    ? { readonly query?: InputOf<S> }
    : { readonly query: InputOf<S> }
  : unknown;

/** What a route takes: `params`, `query` and `body` exactly when the route has them. */
export type CallInput<R extends Route> = Part<R, 'params'> & QueryPart<R> & Part<R, 'body'> & CallOptions;

/** What a route answers: JSON of its schema, bytes, or nothing. */
export type CallAnswer<R extends Route> = JsonOf<R['response']>;

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Limit on the whole call with its retries, ms; without it a call may take as long as something comes. */
  readonly timeoutMs?: number;
}
