import type { Attempt } from '../../generated/prisma/client.ts';

/** What every leaf about an attempt carries (governance section 5). */
export function attemptLeaf(row: Pick<Attempt, 'runId' | 'round' | 'attempt'>) {
  return {
    actor: { kind: 'service', ref: 'coordinator', via: 'worker' },
    run: row.runId,
    round: row.round,
    attempt: row.attempt,
  } as const;
}
