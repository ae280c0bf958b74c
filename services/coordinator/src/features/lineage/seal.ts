import { assembleBundle, type BundlePredicate, statementBytes } from '@sumveil/transparency';
import { digestOf } from '@sumveil/wire';
import type { Deps } from '../../deps.ts';

const LARGEST_FILE = 128 * 2 ** 20;

/**
 * Has the signer seal the files with the report key. It reads each of them again by its digest, so they go to the artifact
 * store first; the statement is all that travels in the request.
 *
 * @throws CoordinatorError `UNAVAILABLE` while the signer is away, `CONFLICT` when it refuses
 */
export async function sealFiles(
  deps: Deps,
  files: ReadonlyMap<string, Uint8Array>,
  predicate: BundlePredicate,
  signal: AbortSignal,
): Promise<Buffer> {
  for (const bytes of files.values()) {
    const { digest, size } = await deps.artifacts.put(bytes, { maxBytes: LARGEST_FILE });
    await deps.db.prisma.artifact.createMany({
      data: [{ digest, size: BigInt(size), mediaType: 'application/octet-stream' }],
      skipDuplicates: true,
    });
  }
  const statement = statementBytes(new Map(files), predicate);
  const subject = digestOf(statement);
  await deps.db.transaction((tx) => deps.sign.requestSignature(tx, 'report', subject, statement));
  const envelope = await deps.sign.awaitSignature('report', subject, { signal, timeoutMs: deps.timings.reportSeal });
  return assembleBundle(new Map(files), envelope);
}
