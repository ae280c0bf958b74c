import { type Facts, faultsOf } from './facts.ts';

/** I4: recorded epsilon at least the released, never above the cap, charged before the release. */
export async function ledgerFaults(facts: Facts): Promise<string[]> {
  const totals = await faultsOf(
    facts,
    'I4',
    `SELECT format('ledger %s records %s of %s, its charges are %s', l.ledger_ref, l.total_micro, l.cap_micro, c.sum) AS fault
       FROM privacy_ledger l
       JOIN (SELECT ledger_ref, sum(epsilon_micro) AS sum FROM privacy_charge GROUP BY ledger_ref) c USING (ledger_ref)
      WHERE (l.total_micro < c.sum OR l.total_micro > l.cap_micro)
        AND EXISTS (SELECT 1 FROM run r WHERE r.id = ANY($1) AND r.model_name = l.ledger_ref)`,
  );
  const charges = await faultsOf(
    facts,
    'I4',
    `SELECT format('attempt %s of round %s of %s is %s and has %s charges', a.attempt, a.round, a.run_id, a.phase, count(c.*)) AS fault
       FROM attempt a LEFT JOIN privacy_charge c ON (c.run_id, c.round, c.attempt) = (a.run_id, a.round, a.attempt)
      WHERE a.run_id = ANY($1) GROUP BY a.id
     HAVING count(c.*) <> CASE WHEN a.manifest_body IS NULL THEN 0 ELSE 1 END`,
  );
  const { rows, runIds } = facts;
  const leaves = (await rows.leaves()).filter(({ run }) => runIds.includes(String(run)));
  const charged = leaves.filter(({ type }) => type === 'privacy.charged');
  const late = leaves
    .filter(({ type }) => type === 'aggregate.released')
    .filter((release) => {
      const before = charged.filter(({ chargeId }) => chargeId === release.chargeId);
      return before.length !== 1 || leaves.indexOf(before[0]!) > leaves.indexOf(release);
    });
  return [
    ...totals,
    ...charges,
    ...late.map(({ run, round }) => `I4: round ${round} of ${run} was released without one charge before it`),
  ];
}
