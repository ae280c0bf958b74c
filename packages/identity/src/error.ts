export type IdentityErrorCode =
  | 'REF'
  | 'NAME'
  | 'KEY_FILE'
  | 'KEY_TYPE'
  | 'JOIN'
  | 'CSR'
  | 'PROOF'
  | 'ISSUE'
  | 'CROSS_CHECK'
  | 'PIN';

/** A key, name, request, certificate or peer that is not what the PKI of governance section 1 allows. */
export class IdentityError extends Error {
  readonly code: IdentityErrorCode;

  constructor(code: IdentityErrorCode, message: string) {
    super(message);
    this.name = 'IdentityError';
    this.code = code;
  }
}
