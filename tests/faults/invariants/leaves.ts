import { dedupeKey, leafHash, MemoryTree, parseLeaf } from '@sumveil/transparency';
import { type Facts, faultsOf } from './facts.ts';

interface Stored {
  readonly idx: string | null;
  readonly key: string;
  readonly leaf: Buffer;
  readonly hash: Buffer | null;
}

/** I5: each change of state has exactly one leaf, and the log is what its checkpoints signed. */
export async function leafFaults(facts: Facts): Promise<string[]> {
  const { rows, runIds } = facts;
  const stored = await rows.all<Stored>(
    `SELECT idx::text, key, leaf, leaf_hash AS hash FROM audit_leaf
     UNION ALL SELECT NULL, key, leaf, NULL FROM audit_pending ORDER BY 1 NULLS LAST`,
  );
  const sequenced = stored.filter(({ idx }) => idx !== null).toSorted((a, b) => Number(a.idx) - Number(b.idx));
  const faults: string[] = [];
  const tree = new MemoryTree();
  const [checkpoint] = await rows.all<{ size: string; root: Buffer }>(
    'SELECT size::text, root FROM audit_checkpoint ORDER BY size DESC LIMIT 1',
  );
  for (const [i, { idx, key, leaf, hash }] of sequenced.entries()) {
    if (Number(idx) !== i) faults.push(`I5: the log has no leaf ${i}`);
    if (!leafHash(leaf).equals(hash!)) faults.push(`I5: leaf ${idx} is not what was hashed`);
    if (dedupeKey(parseLeaf(leaf)) !== key) faults.push(`I5: leaf ${idx} stands under the key of another change`);
    tree.append(leaf);
  }
  const signed = Number(checkpoint?.size ?? 0);
  if (checkpoint && (signed > tree.size || !tree.root(signed).equals(checkpoint.root)))
    faults.push(`I5: the leaves do not have the root of checkpoint ${checkpoint.size}`);
  const keys = stored.map(({ leaf }) => dedupeKey(parseLeaf(leaf)));
  for (const key of keys.filter((one, i) => keys.indexOf(one) !== i)) faults.push(`I5: two leaves of ${key}`);
  const runs = await rows.all<{ id: string; run_seq: number }>('SELECT id, run_seq FROM run WHERE id = ANY($1)', [
    runIds,
  ]);
  for (const { id, run_seq } of runs) {
    const numbers = stored.flatMap(({ leaf }) => numberIn(leaf, id)).toSorted((a, b) => a - b);
    if (numbers.length !== run_seq || numbers.some((number, i) => number !== i + 1))
      faults.push(`I5: ${id} counts ${run_seq} leaves, those of the log are ${numbers.join(' ')}`);
  }
  return [...faults, ...(await changeFaults(facts))];
}

/** Rows that say what changed, each with the key of the leaf that must stand for it. */
const changes = `
  SELECT run_id, jsonb_build_array('round.opened', run_id, round, attempt) AS key FROM attempt
  UNION ALL SELECT run_id, jsonb_build_array('round.closed', run_id, round, attempt) FROM attempt WHERE phase = 'released'
  UNION ALL SELECT run_id, jsonb_build_array('round.aborted', run_id, round, attempt) FROM attempt WHERE phase = 'failed'
  UNION ALL SELECT run_id, jsonb_build_array('aggregate.released', run_id, round, attempt) FROM attempt WHERE manifest_body IS NOT NULL
  UNION ALL SELECT run_id, jsonb_build_array('aggregate.computed', run_id, round, attempt) FROM attempt WHERE manifest_body IS NOT NULL
  UNION ALL SELECT a.run_id, jsonb_build_array('phase.closed', a.run_id, a.round, a.attempt,
      CASE l.phase WHEN 'u1' THEN 'advertise' WHEN 'u2' THEN 'share' ELSE 'masked' END)
    FROM phase_list l JOIN attempt a ON a.id = l.attempt_id
  UNION ALL SELECT a.run_id, jsonb_build_array('update.accepted', a.run_id, a.round, a.attempt, t.ref)
    FROM message m JOIN attempt a ON a.id = m.attempt_id JOIN tenant t ON t.idx = m.idx WHERE m.kind = 'm2' AND NOT m.late
  UNION ALL SELECT run_id, jsonb_build_array('model.version_created', model, version) FROM model_version
  UNION ALL SELECT run_id, jsonb_build_array('privacy.charged', 'model', ledger_ref, charge_id) FROM privacy_charge
  UNION ALL SELECT run_id, jsonb_build_array('grant.issued', id) FROM "grant"
  UNION ALL SELECT id, jsonb_build_array('run.' || state, id) FROM run WHERE state IN ('completed', 'aborted')`;

/** Types of which every leaf stands for a row of {@link changes}. */
const types = `'round.opened','round.closed','round.aborted','aggregate.released','aggregate.computed','update.accepted',
  'model.version_created','privacy.charged','grant.issued','run.completed','run.aborted'`;

async function changeFaults(facts: Facts): Promise<string[]> {
  const silent = await faultsOf(
    facts,
    'I5',
    `SELECT 'no leaf of ' || c.key::text AS fault FROM (${changes}) c
      WHERE c.run_id = ANY($1) AND NOT EXISTS (SELECT 1 FROM audit_dedupe d WHERE d.key::jsonb = c.key)`,
  );
  const made = await faultsOf(
    facts,
    'I5',
    `SELECT 'a leaf without its change: ' || d.key AS fault FROM audit_dedupe d
      WHERE d.key::jsonb ->> 0 IN (${types}) AND (d.key::jsonb ->> 1 = ANY($1))
        AND NOT EXISTS (SELECT 1 FROM (${changes}) c WHERE c.key = d.key::jsonb)`,
  );
  const unkept = await faultsOf(
    facts,
    'I5',
    `SELECT 'a key without its leaf: ' || d.key AS fault FROM audit_dedupe d
      WHERE $1::text[] IS NOT NULL AND NOT EXISTS (SELECT 1 FROM audit_leaf l WHERE l.key = d.key)
        AND NOT EXISTS (SELECT 1 FROM audit_pending p WHERE p.key = d.key)`,
  );
  return [...silent, ...made, ...unkept];
}

function numberIn(leaf: Buffer, runId: string): number[] {
  const { run, runSeq } = parseLeaf(leaf);
  return run === runId ? [runSeq!] : [];
}
