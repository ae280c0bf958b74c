import { type ProblemCode, type ProblemDetails, problems } from '@sumveil/wire';
import type { FastifyError } from 'fastify';
import { type CoordinatorErrorCode, isCoordinatorError } from '../error.ts';

export interface Problem {
  readonly status: number;
  readonly body: ProblemDetails;
  readonly headers: Readonly<Record<string, string>>;
  /** True when nobody outside caused it. */
  readonly ours: boolean;
}

/** Errors that are not themselves an answer, and what the caller gets to see of them. */
const internal: Record<Exclude<CoordinatorErrorCode, ProblemCode>, ProblemCode> = {
  DATABASE: 'UNAVAILABLE',
  FENCED: 'CONFLICT',
  LEASE_BUSY: 'CONFLICT',
  EMBEDDED: 'INTERNAL',
  MIGRATION: 'INTERNAL',
  CONFIG: 'INTERNAL',
};

/** Refusals of Fastify and Node before a handler runs. */
const transport: Record<string, ProblemCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA',
  FST_ERR_HANDLER_TIMEOUT: 'UNAVAILABLE',
  FST_ERR_NOT_FOUND: 'NOT_FOUND',
  ERR_HTTP_REQUEST_TIMEOUT: 'TIMEOUT',
};

const byStatus: Record<number, ProblemCode> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  408: 'TIMEOUT',
  413: 'TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA',
  429: 'RATE_LIMITED',
  503: 'UNAVAILABLE',
};

/**
 * Every refusal as RFC 9457 problem details. Only messages that were written for callers leave the process; of everything
 * else they see code, fixed text and correlation id.
 */
export function problemOf(error: unknown, correlationId: string): Problem {
  const code = codeOf(error);
  const [status, title, next] = problems[code];
  const own = isCoordinatorError(error) ? error : undefined;
  const retryAfter = own?.retryAfterSeconds ?? (code === 'UNAVAILABLE' ? 2 : undefined);
  const body: ProblemDetails = {
    type: `urn:sumveil:problem:${code}`,
    title,
    status,
    code,
    detail: own !== undefined && code !== 'INTERNAL' ? own.message : title,
    next,
    correlationId,
    ...(own?.reasons === undefined ? {} : { reasons: [...own.reasons] }),
    ...(own?.faults === undefined ? {} : { faults: own.faults.map((fault) => ({ ...fault })) }),
  };
  const headers: Record<string, string> =
    retryAfter === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfter)) };
  return { status, body, headers, ours: status >= 500 && code !== 'STORAGE_FULL' };
}

function codeOf(error: unknown): ProblemCode {
  if (isCoordinatorError(error)) {
    return error.code in problems ? (error.code as ProblemCode) : internal[error.code as keyof typeof internal];
  }
  const { code, statusCode } = error as Partial<FastifyError>;
  return (
    transport[code ?? ''] ??
    byStatus[statusCode ?? 500] ??
    (statusCode !== undefined && statusCode < 500 ? 'BAD_REQUEST' : 'INTERNAL')
  );
}
