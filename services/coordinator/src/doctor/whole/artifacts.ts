import { bad, type Check, good } from '@sumveil/client';
import { filesystemStore } from '../../artifacts/filesystem.ts';
import type { CommonConfig } from '../../config.ts';
import { isCoordinatorError } from '../../error.ts';
import type { Db } from '../database-checks.ts';

/** Every digest that a row names is in the artifact store, and its bytes still have it (invariant I7). Reads all of them. */
export async function artifactsWhole(db: Db, { artifacts }: CommonConfig): Promise<Check> {
  const store = await filesystemStore(artifacts, { create: false });
  const rows = await db.$queryRaw<{ digest: string }[]>`
    SELECT digest FROM artifact
    UNION SELECT digest FROM chunk
    UNION SELECT digest FROM sum_chunk WHERE digest IS NOT NULL
    UNION SELECT digest FROM model_version
    UNION SELECT model_digest FROM run
    UNION SELECT model_digest FROM attempt
    ORDER BY 1`;
  const [missing, changed]: [string[], string[]] = [[], []];
  for (const { digest } of rows) {
    try {
      await store.get(digest);
    } catch (error) {
      (isCoordinatorError(error, 'NOT_FOUND') ? missing : changed).push(digest);
    }
  }
  if (missing.length + changed.length === 0)
    return good('files', `all ${rows.length} files that rows name are there and have their digests`);
  const found = [
    missing.length > 0
      ? `${missing.length} of ${rows.length} files that rows name are missing, first ${missing[0]}`
      : '',
    changed.length > 0 ? `${changed.length} have other bytes than their name says, first ${changed[0]}` : '',
  ];
  const next =
    'Copy the artifact folder again, from a copy that was made after the database’s: files are only ever added.';
  return bad('files', found.filter(Boolean).join('; '), next);
}
