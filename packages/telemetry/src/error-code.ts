import { randomBytes } from 'node:crypto';

/**
 * What may be logged of an error: its `code` when that has the form of one, looked for along `cause`. The message, which
 * may quote a row, a path or a request, is not.
 */
export function errorCode(error: unknown): string {
  let current = error;
  for (let depth = 0; depth < 5 && typeof current === 'object' && current !== null; depth++) {
    const { code, cause } = current as { code?: unknown; cause?: unknown };
    if (typeof code === 'string' && /^[A-Z0-9][A-Z0-9_]{1,39}$/.test(code)) return code;
    current = cause;
  }
  return 'INTERNAL';
}

/** 16 hex digits that join an answer to its log lines. */
export function newCorrelationId(): string {
  return randomBytes(8).toString('hex');
}
