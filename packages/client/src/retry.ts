import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ClientError, type ClientErrorCode } from './error.ts';

const AGAIN: ReadonlySet<ClientErrorCode> = new Set(['NETWORK', 'UNAVAILABLE', 'RATE_LIMITED', 'TIMEOUT']);
const LONGEST_WAIT_MS = 5_000;

export interface RetryOptions {
  /** Tries in all, 1 for none. */
  readonly tries: number;
  readonly signal: AbortSignal;
}

/**
 * Repeats what failed without a decision of the other side: no connection, 503, 429, 408. Waits full jitter over a doubling
 * window from 200 ms (as in the AWS Architecture Blog, "Exponential Backoff and Jitter"), and at least what Retry-After asks.
 */
export async function withRetries<T>(work: () => Promise<T>, { tries, signal }: RetryOptions): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await work();
    } catch (error) {
      if (tried >= tries || !(error instanceof ClientError) || !AGAIN.has(error.code)) throw error;
      const wait = randomInt(50, Math.min(LONGEST_WAIT_MS, 200 * 2 ** (tried - 1)) + 51);
      const asked = Math.min((error.retryAfterSeconds ?? 0) * 1_000, LONGEST_WAIT_MS);
      try {
        await delay(Math.max(wait, asked), undefined, { signal });
      } catch {
        throw error;
      }
    }
  }
}
