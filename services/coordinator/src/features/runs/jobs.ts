import type { Deps } from '../../deps.ts';
import type { DueWork } from '../../outbox/reconciler.ts';
import type { JobBinding } from '../../queue/topics.ts';
import { endRun, lockRun } from '../rounds/run-state.ts';
import { issueGrant } from './grant.ts';

export function runJobs(deps: Deps): JobBinding[] {
  return [
    { topic: 'run.grant', handle: ({ ref }) => issueGrant(deps, ref), givenUp: (ref) => endUngranted(deps, ref) },
  ];
}

/** Nothing has begun: the plan is free for another start once the cause, which the logs tell, is gone. */
async function endUngranted(deps: Deps, runId: string): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const run = await lockRun(tx, runId);
    if (run.state === 'granting') await endRun(deps, tx, run, { state: 'aborted', reason: 'grant-failed' });
  });
}

export function runDueWork(deps: Deps): DueWork[] {
  const unmoved = deps.timings.unmoved / 1_000;
  return [
    {
      name: 'runs whose grant is not issued',
      async find(tx) {
        const rows = await tx.$queryRaw<{ id: string }[]>`
          SELECT id FROM run WHERE state = 'granting' AND created_at < now() - make_interval(secs => ${unmoved})`;
        return rows.map(({ id }) => ({ topic: 'run.grant' as const, ref: id }));
      },
    },
  ];
}
