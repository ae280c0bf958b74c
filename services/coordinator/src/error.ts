import type { ProblemCode } from '@sumveil/wire';

export type CoordinatorErrorCode =
  | ProblemCode
  | 'DATABASE'
  | 'FENCED'
  | 'LEASE_BUSY'
  | 'EMBEDDED'
  | 'MIGRATION'
  | 'CONFIG';

export interface ErrorDetails {
  /** Policy reasons or similar, shown to the caller. */
  readonly reasons?: readonly string[];
  /** Every fault of a bad input. */
  readonly faults?: ReadonlyArray<{ readonly path: string; readonly message: string }>;
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/**
 * The one error class of the coordinator. `message` reaches the caller when the code is a problem code, so it says what
 * happened, why and what to do next, and never carries SQL, paths or values of other tenants.
 */
export class CoordinatorError extends Error {
  readonly code: CoordinatorErrorCode;
  readonly reasons: readonly string[] | undefined;
  readonly faults: ErrorDetails['faults'];
  readonly retryAfterSeconds: number | undefined;

  constructor(code: CoordinatorErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'CoordinatorError';
    this.code = code;
    this.reasons = details.reasons;
    this.faults = details.faults;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

export function isCoordinatorError(error: unknown, ...codes: CoordinatorErrorCode[]): error is CoordinatorError {
  return error instanceof CoordinatorError && (codes.length === 0 || codes.includes(error.code));
}
