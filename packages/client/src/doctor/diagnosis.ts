export type CheckStatus = 'ok' | 'warn' | 'fail';

/** One thing that was looked at, and what was found. Nothing secret in it: people paste it into tickets. */
export interface Check {
  /** Short name of what was looked at, in lower case. */
  readonly id: string;
  readonly status: CheckStatus;
  readonly detail: string;
  /** What to do; there whenever the status is not ok. */
  readonly next?: string;
}

export type Verdict = 'healthy' | 'works-but' | 'broken';

/** One verdict with its reason and the next step, and the checks that it follows from. */
export interface Diagnosis {
  readonly verdict: Verdict;
  /** False when something is broken. */
  readonly ok: boolean;
  readonly reason: string;
  readonly next: string;
  readonly checks: readonly Check[];
}

export function good(id: string, detail: string): Check {
  return { id, status: 'ok', detail };
}

export function warn(id: string, detail: string, next: string): Check {
  return { id, status: 'warn', detail, next };
}

export function bad(id: string, detail: string, next: string): Check {
  return { id, status: 'fail', detail, next };
}

/** The first failing check gives the verdict its reason, else the first warning: checks come in the order in which one depends on the other. */
export function diagnose(checks: readonly Check[]): Diagnosis {
  const [verdict, status] = checks.some((check) => check.status === 'fail')
    ? (['broken', 'fail'] as const)
    : checks.some((check) => check.status === 'warn')
      ? (['works-but', 'warn'] as const)
      : (['healthy', 'ok'] as const);
  if (status === 'ok') return { verdict, ok: true, reason: `all ${checks.length} checks hold`, next: '', checks };
  const [first, ...others] = checks.filter((check) => check.status === status);
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  const { id, detail, next = '' } = first!;
  return { verdict, ok: status !== 'fail', reason: `${id}: ${detail}${more}`, next, checks };
}

/** Exit code of every doctor: 0 healthy, 1 broken, 2 works, but somebody should look. */
export function exitCodeOf({ verdict }: Diagnosis): 0 | 1 | 2 {
  const codes = { healthy: 0, broken: 1, 'works-but': 2 } as const;
  return codes[verdict];
}
