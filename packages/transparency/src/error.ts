export type TransparencyErrorCode =
  | 'NUMBER'
  | 'NOTE'
  | 'KEY'
  | 'SIGNATURE'
  | 'CHECKPOINT'
  | 'PROOF'
  | 'INCLUSION'
  | 'CONSISTENCY'
  | 'QUORUM'
  | 'STALE'
  | 'TILE'
  | 'LEAF'
  | 'ZIP'
  | 'BUNDLE';

/** Evidence that is malformed or does not hold. */
export class TransparencyError extends Error {
  readonly code: TransparencyErrorCode;

  constructor(code: TransparencyErrorCode, message: string) {
    super(message);
    this.name = 'TransparencyError';
    this.code = code;
  }
}
