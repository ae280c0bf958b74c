/** What is known of one expected tenant at the moment of looking. Times are milliseconds of the database clock. */
export interface Expected {
  readonly idx: number;
  readonly answered: boolean;
  /** Its signed `abort` is here: it will answer nothing more of this attempt. */
  readonly aborted?: boolean;
  /** Last request or open long-poll of the tenant; 0 when there was none. */
  readonly seenAt: number;
}

export interface ClosingFacts {
  readonly now: number;
  readonly expected: readonly Expected[];
  readonly enough: number;
  /**
   * True where an answer beyond the enough ones adds nothing to the result: then whoever is present but silent is waited for
   * no longer than a lease. After a restart a connector may neither repeat its M4 nor swear it off.
   */
  readonly spare: boolean;
  readonly openedAt: number;
  readonly deadlineAt: number;
  readonly leaseMs: number;
  /** Soonest next look. */
  readonly lookMs: number;
  /** Start of the coordinator's own watch: before that it could not see anybody. */
  readonly watchingSince: number;
}

export type Closing =
  | { readonly close: 'all' | 'absent' | 'deadline' }
  | { readonly fail: true }
  | { readonly wait: number };

/**
 * When a phase closes (secure-aggregation section 10): all answered; or everybody answered or absent with enough answers;
 * or the deadline with enough; where answers are to spare, also a lease with enough. `wait` is the next moment worth another look.
 */
export function closing(facts: ClosingFacts): Closing {
  const missing = facts.expected.filter((tenant) => !tenant.answered);
  const enough = facts.expected.length - missing.length >= facts.enough;
  if (missing.length === 0 && enough) return { close: 'all' };
  // Who has said that it will answer nothing more cannot make up the number.
  const possible = facts.expected.filter((tenant) => tenant.answered || !tenant.aborted);
  if (possible.length < facts.enough) return { fail: true };
  const absentAt = (tenant: Expected) =>
    tenant.aborted ? 0 : Math.max(facts.spare ? 0 : tenant.seenAt, facts.openedAt, facts.watchingSince) + facts.leaseMs;
  const lastAbsence = missing.reduce((last, tenant) => Math.max(last, absentAt(tenant)), 0);
  if (enough && lastAbsence <= facts.now) return { close: 'absent' };
  if (facts.deadlineAt <= facts.now) return enough ? { close: 'deadline' } : { fail: true };
  return {
    wait: Math.min(facts.deadlineAt, Math.max(facts.now + facts.lookMs, enough ? lastAbsence : facts.deadlineAt)),
  };
}
