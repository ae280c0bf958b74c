/** Closed set of failure classes; the exit status is the first one that fails (governance section 6). */
export const CLASSES = {
  10: 'FORMAT',
  11: 'DIGEST',
  12: 'SIGNATURE',
  13: 'CHECKPOINT',
  14: 'QUORUM',
  15: 'INCLUSION',
  16: 'CONSISTENCY',
  17: 'LINEAGE',
  18: 'APPROVAL',
  19: 'POLICY',
  20: 'PRIVACY',
  21: 'DOCUMENT',
  22: 'IDENTITY',
} as const;
export type FailureClass = keyof typeof CLASSES;

export interface Check {
  readonly id: FailureClass;
  readonly title: (typeof CLASSES)[FailureClass];
  readonly ok: boolean;
  /** What was checked and how many, or what is wrong. */
  readonly detail: string;
}

export interface Verdict {
  readonly verdict: 'VERIFIED' | 'UNANCHORED' | 'FAILED';
  /** 0, 3, or the first failing class. */
  readonly exit: 0 | 3 | FailureClass;
  readonly checks: readonly Check[];
  /** What no bundle can show, whatever the verdict: for the reader, in whole sentences. */
  readonly notShown: readonly string[];
  /** Newest roster hash of the bundle in 16 groups, to compare over another channel. */
  readonly fingerprint?: string;
}

/** Thrown by a check; its message becomes the line of the report. */
export class Failure extends Error {}

export function fail(detail: string): never {
  throw new Failure(detail);
}

/** @throws Failure unless the condition holds */
export function must(condition: boolean, detail: string): asserts condition {
  if (!condition) fail(detail);
}

/** Turns any refusal of a reader into a failure of the class that asked. */
export function attempt<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Failure) throw error;
    return fail(`${what}: ${error instanceof Error ? error.message : 'unreadable'}`);
  }
}
