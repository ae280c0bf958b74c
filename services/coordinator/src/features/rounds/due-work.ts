import type { DueWork } from '../../outbox/reconciler.ts';
import type { RoundDeps } from './advance.ts';
import { isCollecting, rules } from './phase.ts';
import { lookAt } from './phases/look.ts';
import { loadAttempt, phaseList } from './store.ts';

/** Work of rounds that rows say is due: what a lost job, an emptied queue or a dead worker left behind. */
export function roundDueWork(deps: RoundDeps): DueWork[] {
  const unmoved = deps.timings.unmoved / 1_000;
  return [
    {
      name: 'attempts that do not move',
      async find(tx) {
        const rows = await tx.$queryRaw<{ id: string }[]>`
          SELECT id FROM attempt
          WHERE phase NOT IN ('released', 'failed') AND phase_opened_at < now() - make_interval(secs => ${unmoved})`;
        const due: string[] = [];
        for (const { id } of rows) if (await isDue(deps, tx, id)) due.push(id);
        return due.map((ref) => ({ topic: 'attempt.advance' as const, ref }));
      },
    },
    {
      name: 'runs without an open round',
      async find(tx) {
        const rows = await tx.$queryRaw<{ id: string }[]>`
          SELECT id FROM run
          WHERE state = 'running' AND created_at < now() - make_interval(secs => ${unmoved})
            AND NOT EXISTS (
              SELECT 1 FROM attempt WHERE run_id = run.id
                AND (phase NOT IN ('released', 'failed') OR ended_at > now() - make_interval(secs => ${unmoved})))
            AND NOT EXISTS (
              SELECT 1 FROM outbox WHERE topic = 'round.open' AND ref = run.id
                AND available_at > now() - make_interval(secs => ${unmoved}))`;
        return rows.map(({ id }) => ({ topic: 'round.open' as const, ref: id }));
      },
    },
    {
      name: 'chunks that nobody summed',
      async find(tx) {
        const rows = await tx.$queryRaw<{ ref: string }[]>`
          SELECT s.attempt_id || '/' || s.segment || '/' || s.chunk AS ref
          FROM sum_chunk s JOIN attempt a ON a.id = s.attempt_id
          WHERE s.digest IS NULL AND a.phase = 'summing'
            AND a.phase_opened_at < now() - make_interval(secs => ${unmoved})`;
        return rows.map(({ ref }) => ({ topic: 'chunk.sum' as const, ref }));
      },
    },
  ];
}

/** Tenants may take their time: a phase that waits for answers is due only when it would close. */
async function isDue(deps: RoundDeps, tx: Parameters<DueWork['find']>[0], attemptId: string): Promise<boolean> {
  const attempt = await loadAttempt(tx, attemptId);
  const { phase } = attempt.row;
  if (!isCollecting(phase)) return true;
  const { makes } = rules[phase];
  if (makes && (await phaseList(tx, attemptId, makes))) return true;
  return !('wait' in (await lookAt(deps, tx, attempt, phase)).verdict);
}
