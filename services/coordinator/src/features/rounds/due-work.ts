import type { DueWork } from '../../outbox/reconciler.ts';

/** Work of rounds that rows say is due: what a lost job, an emptied queue or a dead worker left behind. */
export function roundDueWork(): DueWork[] {
  return [
    {
      name: 'attempts that do not move',
      async find(tx) {
        const rows = await tx.$queryRaw<{ id: string }[]>`
          SELECT id FROM attempt
          WHERE phase NOT IN ('released', 'failed') AND phase_opened_at < now() - interval '60 seconds'`;
        return rows.map(({ id }) => ({ topic: 'attempt.advance' as const, ref: id }));
      },
    },
    {
      name: 'runs without an open round',
      async find(tx) {
        const rows = await tx.$queryRaw<{ id: string }[]>`
          SELECT id FROM run
          WHERE state = 'running' AND created_at < now() - interval '60 seconds'
            AND NOT EXISTS (SELECT 1 FROM attempt WHERE run_id = run.id AND phase NOT IN ('released', 'failed'))`;
        return rows.map(({ id }) => ({ topic: 'round.open' as const, ref: id }));
      },
    },
    {
      name: 'chunks that nobody summed',
      async find(tx) {
        const rows = await tx.$queryRaw<{ ref: string }[]>`
          SELECT s.attempt_id || '/' || s.segment || '/' || s.chunk AS ref
          FROM sum_chunk s JOIN attempt a ON a.id = s.attempt_id
          WHERE s.digest IS NULL AND a.phase = 'summing' AND a.phase_opened_at < now() - interval '60 seconds'`;
        return rows.map(({ ref }) => ({ topic: 'chunk.sum' as const, ref }));
      },
    },
  ];
}
