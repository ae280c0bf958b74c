export type ConnectorErrorCode =
  | 'STATE_BUSY'
  | 'STATE'
  | 'NOT_RUNNING'
  | 'ENROLMENT'
  | 'LOCAL_POLICY'
  | 'ROSTER_NONE'
  | 'ROSTER_REFUSED'
  | 'HASH_MISMATCH'
  | 'APPROVALS_MISSING'
  | 'MESSAGE_REFUSED'
  | 'BAD_REQUEST'
  | 'NOT_FOUND'
  | 'RESULT_REFUSED'
  | 'SPENT';

/** A fault of the connector or a refusal of its control API: what happened and why, and what to do next. */
export class ConnectorError extends Error {
  readonly code: ConnectorErrorCode;
  readonly detail: string;
  readonly next: string;

  constructor(code: ConnectorErrorCode, detail: string, next = '', cause?: unknown) {
    super(next ? `${detail} ${next}` : detail, { cause });
    this.name = 'ConnectorError';
    this.code = code;
    this.detail = detail;
    this.next = next;
  }
}
