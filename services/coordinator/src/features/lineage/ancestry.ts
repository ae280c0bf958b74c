import type { Tx } from '../../db/client.ts';
import type { ModelVersion } from '../../generated/prisma/client.ts';

export interface Ancestor {
  readonly version: number;
  readonly digest: string;
  readonly parentDigest: string;
  readonly runId: string;
  readonly round: number;
}

const MOST = 10_000;

/** Versions from the first to the given one, each the parent of the next; stops where the parent is no version of ours. */
export async function ancestryOf(tx: Tx, version: ModelVersion): Promise<Ancestor[]> {
  const rows = await tx.modelVersion.findMany({
    where: { model: version.model, version: { lte: version.version } },
    orderBy: { version: 'desc' },
    take: MOST,
  });
  const chain: Ancestor[] = [];
  let wanted: string | undefined = version.digest;
  for (const { version: number, digest, parentDigest, runId, round } of rows) {
    if (digest !== wanted) continue;
    chain.push({ version: number, digest, parentDigest, runId, round });
    wanted = parentDigest;
  }
  return chain.toReversed();
}
