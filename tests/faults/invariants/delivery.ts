import { type Facts, faultsOf } from './facts.ts';

/** How long a due row may wait for a relay that is running or was just started. */
const PATIENCE = `interval '10 seconds'`;

/** I1: Postgres alone is truth. Whatever is due is visible in rows; the queue is not asked. */
export async function deliveryFaults(facts: Facts): Promise<string[]> {
  const stuck = await faultsOf(
    facts,
    'I1',
    `SELECT format('outbox row %s (%s) is due since %s and was never handed over', id, topic, available_at) AS fault
       FROM outbox WHERE published_at IS NULL AND available_at < now() - ${PATIENCE} AND $1::text[] IS NOT NULL`,
  );
  const undated = await faultsOf(
    facts,
    'I1',
    `SELECT format('attempt %s waits in %s without a look at its deadline', id, phase) AS fault
       FROM attempt a WHERE run_id = ANY($1) AND phase IN ('advertise', 'share', 'masked', 'consistency', 'unmask')
        AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.topic = 'attempt.advance' AND o.ref = a.id::text
                          AND o.dedupe = 'deadline:' || a.id || ':' || a.phase AND o.available_at <= a.deadline_at)`,
  );
  const unsummed = await faultsOf(
    facts,
    'I1',
    `SELECT format('chunk %s/%s of attempt %s has no job that sums it', s.segment, s.chunk, a.id) AS fault
       FROM sum_chunk s JOIN attempt a ON a.id = s.attempt_id
      WHERE a.run_id = ANY($1) AND s.digest IS NULL AND a.phase NOT IN ('failed')
        AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.topic = 'chunk.sum'
                          AND o.ref = a.id || '/' || s.segment || '/' || s.chunk)`,
  );
  return [...stuck, ...undated, ...unsummed];
}
