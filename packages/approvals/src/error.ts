export type ApprovalsErrorCode = 'FORMAT' | 'SIGNATURE';

/** An approval, approver list or grant that is not what it claims to be. */
export class ApprovalsError extends Error {
  readonly code: ApprovalsErrorCode;

  constructor(code: ApprovalsErrorCode, message: string) {
    super(message);
    this.name = 'ApprovalsError';
    this.code = code;
  }
}
