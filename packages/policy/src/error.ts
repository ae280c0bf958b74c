export type PolicyErrorCode = 'LAYOUT' | 'LOCK' | 'VALIDATION' | 'FACT' | 'INPUT';

/** A bundle that may not be used, or facts that cannot be put before it. A decision itself never throws: it denies. */
export class PolicyError extends Error {
  readonly code: PolicyErrorCode;

  constructor(code: PolicyErrorCode, message: string) {
    super(message);
    this.name = 'PolicyError';
    this.code = code;
  }
}
