import { digestOf } from '@sumveil/wire';
import type { Deps } from '../../deps.ts';
import type { Attempt } from '../../generated/prisma/client.ts';
import type { Sender } from './accept-message.ts';

export interface Refused {
  /** Of the message; `other-m2` and `other-chunk` for what differs from what counts. */
  readonly kind: string;
  readonly idx: number;
  readonly code: 'ROUND_CLOSED' | 'CONFLICT';
  /** For a chunk, its place and digest. */
  readonly body: Uint8Array;
  /** 64 bytes as decoded from the upload; absent when it had none. */
  readonly sig?: Uint8Array | undefined;
  /** Whether a leaf tells of it: what concerns an update does (faults F10 and F12). */
  readonly leaf: boolean;
}

/** Keeps what was not accepted as evidence, once for each attempt, tenant and kind. It is never processed. */
export async function keepRefused(
  deps: Deps,
  sender: Sender,
  row: Pick<Attempt, 'id' | 'runId' | 'round' | 'attempt'>,
  { kind, idx, code, body, sig, leaf }: Refused,
): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const evidence = { attemptId: row.id, kind, idx, serial: sender.serial, late: true };
    const { count } = await tx.message.createMany({
      data: [{ ...evidence, body: Uint8Array.from(body), sig: Uint8Array.from(sig ?? []) }],
      skipDuplicates: true,
    });
    if (count === 0 || !leaf) return;
    await deps.log.appendLeaf(tx, {
      type: 'update.rejected',
      actor: { kind: 'connector', ref: sender.tenantRef, via: 'mtls' },
      run: row.runId,
      round: row.round,
      attempt: row.attempt,
      tenantRef: sender.tenantRef,
      code,
      serial: sender.serial,
      ...(kind.endsWith('m2') ? { m2Digest: digestOf(body) } : {}),
    });
  });
}
