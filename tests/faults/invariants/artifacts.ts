import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '@sumveil/wire';
import type { Facts } from './facts.ts';

/** I7: every digest that a row names is in the store, and its bytes have it. */
export async function artifactFaults({ rows, runIds, artifacts }: Facts): Promise<string[]> {
  const named = await rows.all<{ digest: string; by: string }>(
    `SELECT digest, string_agg(DISTINCT by, ', ') AS by FROM (
       SELECT digest, 'artifact' AS by FROM artifact
       UNION ALL SELECT model_digest, 'run ' || id FROM run WHERE id = ANY($1)
       UNION ALL SELECT model_digest, 'attempt ' || id FROM attempt WHERE run_id = ANY($1)
       UNION ALL SELECT digest, 'version ' || version FROM model_version WHERE run_id = ANY($1)
       UNION ALL SELECT parent_digest, 'parent of version ' || version FROM model_version WHERE run_id = ANY($1)
       UNION ALL SELECT c.digest, 'chunk of ' || a.id FROM chunk c JOIN attempt a ON a.id = c.attempt_id WHERE a.run_id = ANY($1)
       UNION ALL SELECT s.digest, 'sum of ' || a.id FROM sum_chunk s JOIN attempt a ON a.id = s.attempt_id
         WHERE a.run_id = ANY($1) AND s.digest IS NOT NULL
     ) AS all_named GROUP BY digest`,
    [runIds],
  );
  return named.flatMap(({ digest, by }) => {
    const hex = digest.slice('sha256:'.length);
    try {
      const bytes = readFileSync(join(artifacts, hex.slice(0, 2), hex.slice(2)));
      return digestOf(bytes) === digest ? [] : [`I7: ${digest} (${by}) is stored with other bytes`];
    } catch {
      return [`I7: ${digest} (${by}) is not in the store`];
    }
  });
}
