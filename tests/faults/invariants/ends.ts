import { type Facts, faultsOf } from './facts.ts';

/** What the processes of a test may take to act on a deadline or on work that was lost. */
const PATIENCE = `interval '30 seconds'`;

/** I8: every run has ended, or goes on by a deadline. */
export async function endFaults(facts: Facts): Promise<string[]> {
  const overdue = await faultsOf(
    facts,
    'I8',
    `SELECT format('attempt %s of %s is in %s since %s, its deadline was %s', id, run_id, phase, phase_opened_at, deadline_at) AS fault
       FROM attempt WHERE run_id = ANY($1) AND phase NOT IN ('released', 'failed') AND deadline_at < now() - ${PATIENCE}`,
  );
  const idle = await faultsOf(
    facts,
    'I8',
    `SELECT format('%s is %s and has nothing open since %s', r.id, r.state, last.at) AS fault
       FROM run r CROSS JOIN LATERAL (
         SELECT coalesce(max(ended_at), r.created_at) AS at, bool_or(phase NOT IN ('released', 'failed')) AS open
           FROM attempt a WHERE a.run_id = r.id) AS last
      WHERE r.id = ANY($1) AND r.state IN ('granting', 'running') AND last.open IS NOT TRUE
        AND last.at < now() - ${PATIENCE}`,
  );
  const unended = await faultsOf(
    facts,
    'I8',
    `SELECT format('%s is %s and attempt %s of it still %s', r.id, r.state, a.id, a.phase) AS fault
       FROM run r JOIN attempt a ON a.run_id = r.id
      WHERE r.id = ANY($1) AND r.state IN ('completed', 'aborted') AND a.phase NOT IN ('released', 'failed')`,
  );
  const nameless = await faultsOf(
    facts,
    'I8',
    `SELECT format('%s is %s without a reason', id, state) AS fault FROM run
      WHERE id = ANY($1) AND (state IN ('aborted', 'paused') AND reason IS NULL OR (state IN ('completed', 'aborted')) <> (ended_at IS NOT NULL))
     UNION ALL
     SELECT format('attempt %s failed without a code', id) FROM attempt
      WHERE run_id = ANY($1) AND phase = 'failed' AND (fail_code IS NULL OR ended_at IS NULL)`,
  );
  return [...overdue, ...idle, ...unended, ...nameless];
}
