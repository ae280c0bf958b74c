import type { z } from 'zod';
import type { ProblemCode } from '../problem.ts';
import type { Role } from '../scalars.ts';

export type Listener = 'connector' | 'enrolment' | 'management';

/** JSON checked by a schema, or bytes that are hashed and verified exactly as they came. */
export type Payload = z.ZodType | { readonly bytes: true; readonly limit: number; readonly media: string };

/**
 * One route, defined once: server binding, typed client, OpenAPI document and contract tests are all made from it.
 * `path` uses `:name` for parameters. `roles` is required on the management listener (deny by default); identity on the
 * connector listener is the client certificate.
 */
export interface Route {
  readonly name: string;
  readonly summary: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly listener: Listener;
  readonly roles?: readonly Role[];
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: Payload;
  readonly response: Payload | null;
  readonly status: 200 | 201 | 202 | 204;
  readonly errors: readonly ProblemCode[];
  /** Answers may be held open for up to 25 s. */
  readonly longPoll?: boolean;
}

/** Keeps literal types, so that handler and client infer parameters, body and answer from the definition. */
export function defineRoute<const R extends Route>(route: R): R {
  return route;
}

export type JsonOf<P> = P extends z.ZodType ? z.output<P> : P extends { bytes: true } ? Uint8Array : undefined;
export type InputOf<P> = P extends z.ZodType ? z.input<P> : P extends { bytes: true } ? Uint8Array : undefined;

export const octets = (limit: number) => ({ bytes: true, limit, media: 'application/octet-stream' }) as const;
export const text = (limit: number, media = 'text/plain') => ({ bytes: true, limit, media }) as const;
