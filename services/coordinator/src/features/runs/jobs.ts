import type { Deps } from '../../deps.ts';
import type { DueWork } from '../../outbox/reconciler.ts';
import type { JobBinding } from '../../queue/topics.ts';
import { issueGrant } from './grant.ts';

export function runJobs(deps: Deps): JobBinding[] {
  return [{ topic: 'run.grant', handle: ({ ref }) => issueGrant(deps, ref) }];
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
