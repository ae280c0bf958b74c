import { parsePlan } from '@sumveil/secagg';
import { sha256, toBase64url, writtenDigest } from '@sumveil/wire';
import { type Facts, faultsOf } from './facts.ts';

interface Released {
  readonly id: string;
  readonly run_id: string;
  readonly round: number;
  readonly plan_body: Buffer;
  readonly manifest_body: Buffer;
  readonly agg_root: Buffer;
  readonly version_digest: string | null;
  readonly version_parent: string | null;
  readonly version_root: Buffer | null;
}

/** I3: one model version a round, published once, in one unbroken chain of parents and manifests. */
export async function modelFaults(facts: Facts): Promise<string[]> {
  const twice = await faultsOf(
    facts,
    'I3',
    `SELECT format('round %s of %s was released by %s attempts', round, run_id, count(*)) AS fault
       FROM attempt WHERE run_id = ANY($1) AND phase = 'released' GROUP BY run_id, round HAVING count(*) > 1`,
  );
  const orphans = await faultsOf(
    facts,
    'I3',
    `SELECT format('version %s of %s belongs to round %s, which released nothing', v.version, v.model, v.round) AS fault
       FROM model_version v WHERE run_id = ANY($1)
        AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.run_id = v.run_id AND a.round = v.round AND a.phase = 'released')`,
  );
  const gaps = await faultsOf(
    facts,
    'I3',
    `SELECT format('version %s of %s follows %s, its parent is %s', version, model, before, parent_digest) AS fault
       FROM (SELECT *, lag(digest) OVER (PARTITION BY model ORDER BY version) AS before,
                    lag(version) OVER (PARTITION BY model ORDER BY version) AS last,
                    lag(run_id) OVER (PARTITION BY model ORDER BY version) AS run_before FROM model_version) AS chain
      WHERE run_id = ANY($1) AND (version <> coalesce(last, 0) + 1 OR run_before = run_id AND parent_digest <> before)`,
  );
  return [...twice, ...orphans, ...gaps, ...(await chainFaults(facts))];
}

async function chainFaults({ rows, runIds }: Facts): Promise<string[]> {
  const released = await rows.all<Released>(
    `SELECT a.id, a.run_id, a.round, a.plan_body, a.manifest_body, a.agg_root,
            v.digest AS version_digest, v.parent_digest AS version_parent, v.agg_root AS version_root
       FROM attempt a LEFT JOIN model_version v ON v.run_id = a.run_id AND v.round = a.round
      WHERE a.run_id = ANY($1) AND a.phase = 'released' ORDER BY a.run_id, a.round`,
    [runIds],
  );
  const runs = await rows.all<{ id: string; model_digest: string; prev_manifest: Buffer }>(
    `SELECT r.id, r.model_digest, r.prev_manifest FROM run r
      WHERE r.id = ANY($1)`,
    [runIds],
  );
  const faults: string[] = [];
  for (const run of runs) {
    let manifest: Uint8Array = new Uint8Array(32);
    let model: string | undefined;
    for (const row of released.filter(({ run_id }) => run_id === run.id)) {
      const place = `round ${row.round} of ${run.id}`;
      const plan = parsePlan(row.plan_body);
      const from = writtenDigest(Buffer.from(plan.modelHash, 'base64url'));
      if (plan.prevManifest !== toBase64url(manifest)) faults.push(`I3: ${place} does not follow the last manifest`);
      if (model !== undefined && from !== model) faults.push(`I3: ${place} did not train the last model`);
      if (row.version_parent !== null && row.version_parent !== from)
        faults.push(`I3: the version of ${place} has another parent than its round plan`);
      if (row.version_root !== null && !row.version_root.equals(row.agg_root))
        faults.push(`I3: the version of ${place} rests on another sum`);
      manifest = sha256(row.manifest_body);
      model = row.version_digest ?? from;
    }
    if (!Buffer.from(manifest).equals(run.prev_manifest)) faults.push(`I3: ${run.id} names another last manifest`);
    if (model !== undefined && model !== run.model_digest) faults.push(`I3: ${run.id} names another last model`);
  }
  return faults;
}
