import type { ProblemCode } from '@sumveil/wire';

/**
 * A code of the problem table, or what kept an answer from coming: `NETWORK` (no connection, or it broke), `TIMED_OUT`,
 * `ABORTED` (the caller's signal), `ANSWER` (an answer that is not what the route promises), `INPUT` (a request that is
 * not what the route takes; nothing was sent), `TOKEN` (no access token could be had), `ISSUER_UNREACHABLE` (nothing answered
 * where tokens come from).
 */
export type ClientErrorCode =
  | ProblemCode
  | 'NETWORK'
  | 'TIMED_OUT'
  | 'ABORTED'
  | 'ANSWER'
  | 'INPUT'
  | 'TOKEN'
  | 'ISSUER_UNREACHABLE';

export interface ClientFault {
  readonly path: string;
  readonly message: string;
}

interface Extra {
  readonly status?: number;
  readonly next?: string;
  readonly correlationId?: string;
  readonly reasons?: readonly string[];
  readonly faults?: readonly ClientFault[];
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** A call that has no good answer. `status` is 0 when no answer came at all. */
export class ClientError extends Error {
  readonly code: ClientErrorCode;
  readonly status: number;
  readonly detail: string;
  readonly next: string;
  readonly correlationId: string | undefined;
  readonly reasons: readonly string[];
  readonly faults: readonly ClientFault[];
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ClientErrorCode, detail: string, extra: Extra = {}) {
    super(extra.next ? `${detail} ${extra.next}` : detail, { cause: extra.cause });
    this.name = 'ClientError';
    this.code = code;
    this.status = extra.status ?? 0;
    this.detail = detail;
    this.next = extra.next ?? '';
    this.correlationId = extra.correlationId;
    this.reasons = extra.reasons ?? [];
    this.faults = extra.faults ?? [];
    this.retryAfterSeconds = extra.retryAfterSeconds;
  }
}
