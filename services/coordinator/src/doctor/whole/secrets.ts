import { type Check, good, warn } from '@sumveil/client';
import { sealKeyOf, type WorkerConfig } from '../../config.ts';
import { createSeal, sealContext } from '../../features/rounds/seal.ts';
import type { Db } from '../database-checks.ts';

/** Reconstructed secrets of open attempts can be opened with the workers' key. Nothing of them is kept or shown. */
export async function secretsWhole(db: Db, config: WorkerConfig): Promise<Check> {
  const seal = createSeal(sealKeyOf(config));
  const rows = await db.attemptSecret.findMany();
  const shut = rows.filter(({ attemptId, kind, idx, sealed }) => {
    try {
      seal.open(sealContext(attemptId, kind as 'a' | 'b', idx), sealed).fill(0);
      return false;
    } catch {
      return true;
    }
  });
  if (shut.length === 0)
    return good(
      'sealed',
      rows.length === 0 ? 'no sealed secret is stored' : `all ${rows.length} sealed secrets can be opened`,
    );
  const attempts = new Set(shut.map(({ attemptId }) => attemptId)).size;
  const next =
    'Bring back the seal key if it is kept; else go on: these attempts fail, and their rounds are made again.';
  return warn('sealed', `${shut.length} secrets of ${attempts} open attempts are under another seal key`, next);
}
