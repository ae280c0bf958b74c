import { digestOf } from '@sumveil/wire';
import { type Facts, faultsOf } from './facts.ts';

interface Update {
  readonly place: string;
  readonly body: Buffer;
  readonly key: string;
}

/** I2: at most one accepted update for each round, attempt and tenant, and its leaf is of these bytes. */
export async function updateFaults(facts: Facts): Promise<string[]> {
  const leaves = (await facts.rows.leaves('update.accepted')).filter(({ run }) => facts.runIds.includes(String(run)));
  const byPlace = Map.groupBy(leaves, placeOf);
  const doubled = [...byPlace]
    .filter(([, found]) => found.length > 1)
    .map(([place]) => `I2: ${place} was accepted twice`);
  const updates = await facts.rows.all<Update>(
    `SELECT concat_ws('/', a.run_id, a.round, a.attempt, t.ref) AS place, m.body,
            jsonb_build_array('update.accepted', a.run_id, a.round, a.attempt, t.ref)::text AS key
       FROM message m JOIN attempt a ON a.id = m.attempt_id JOIN tenant t ON t.idx = m.idx
      WHERE a.run_id = ANY($1) AND m.kind = 'm2' AND NOT m.late`,
    [facts.runIds],
  );
  const accepted = new Map(updates.map((update) => [update.place, digestOf(update.body)]));
  const foreign = [...byPlace].flatMap(([place, [leaf]]) =>
    accepted.get(place) === leaf!.m2Digest ? [] : [`I2: the leaf of ${place} is of another update than the row`],
  );
  const several = await faultsOf(
    facts,
    'I2',
    `SELECT format('tenant %s has %s accepted %s of attempt %s', idx, count(*), kind, attempt_id) AS fault
       FROM message JOIN attempt a ON a.id = attempt_id
      WHERE a.run_id = ANY($1) AND NOT late GROUP BY attempt_id, kind, idx HAVING count(*) > 1`,
  );
  const incomplete = await faultsOf(
    facts,
    'I2',
    `SELECT format('the update of tenant %s in attempt %s has %s chunks, others %s', idx, attempt_id, n, most) AS fault
       FROM (SELECT m.idx, m.attempt_id, count(c.*) AS n, max(count(c.*)) OVER (PARTITION BY m.attempt_id) AS most
               FROM message m JOIN attempt a ON a.id = m.attempt_id
               LEFT JOIN chunk c ON c.attempt_id = m.attempt_id AND c.idx = m.idx
              WHERE a.run_id = ANY($1) AND m.kind = 'm2' AND NOT m.late GROUP BY m.attempt_id, m.idx) AS found
      WHERE n <> most`,
  );
  return [...doubled, ...foreign, ...several, ...incomplete];
}

function placeOf({ run, round, attempt, tenantRef }: Record<string, unknown>): string {
  return [run, round, attempt, tenantRef].join('/');
}
