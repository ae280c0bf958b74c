import { digestOf } from '@sumveil/wire';
import type { Deps } from '../../deps.ts';
import type { Attempt } from '../../generated/prisma/client.ts';
import type { Sender } from './accept-message.ts';

/**
 * A tenant that hands in something else where its update already counts (fault F10). What counts stays as it is; the other
 * bytes, or for a chunk the digest of them, are kept as evidence and told in one leaf, once for each attempt and kind.
 */
export async function recordOther(
  deps: Deps,
  sender: Sender,
  row: Pick<Attempt, 'id' | 'runId' | 'round' | 'attempt'>,
  idx: number,
  other: { readonly of: 'chunk' | 'm2'; readonly body: Uint8Array; readonly sig?: Uint8Array },
): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const { count } = await tx.message.createMany({
      data: [
        {
          attemptId: row.id,
          kind: `other-${other.of}`,
          idx,
          body: Uint8Array.from(other.body),
          sig: Uint8Array.from(other.sig ?? []),
          serial: sender.serial,
          late: true,
        },
      ],
      skipDuplicates: true,
    });
    if (count === 0) return;
    await deps.log.appendLeaf(tx, {
      type: 'update.rejected',
      actor: { kind: 'connector', ref: sender.tenantRef, via: 'mtls' },
      run: row.runId,
      round: row.round,
      attempt: row.attempt,
      tenantRef: sender.tenantRef,
      code: 'CONFLICT',
      serial: sender.serial,
      ...(other.of === 'm2' ? { m2Digest: digestOf(other.body) } : {}),
    });
  });
}
