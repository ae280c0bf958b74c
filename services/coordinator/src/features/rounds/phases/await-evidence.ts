import type { SignKind } from '../../../deps.ts';
import { enqueue } from '../../../outbox/enqueue.ts';
import type { RoundDeps } from '../advance.ts';

/**
 * Waits a moment for something that another process is about to write. When it does not come in time, a later look is
 * put into the outbox, so that no worker sits on a run whose signer or witnesses are away.
 */
async function awaitEvidence<T>(
  deps: RoundDeps,
  attemptId: string,
  channel: 'sumveil_quorum' | 'sumveil_signed',
  check: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const found = await deps.notify.wait(channel, check, { timeoutMs: deps.timings.signature, signal: deps.stopping });
  if (found === undefined) {
    await deps.db.transaction(async (tx) => {
      const availableAt = new Date(Date.now() + deps.timings.evidenceAgain);
      await enqueue(tx, {
        topic: 'attempt.advance',
        ref: attemptId,
        dedupe: `look:${attemptId}:${availableAt.getTime()}`,
        availableAt,
      });
    });
  }
  return found;
}

export type SignerAnswer = { readonly result: Uint8Array } | { readonly error: string };

/** The signer's answer, or undefined when it has not come yet. */
export async function awaitSigner(
  deps: RoundDeps,
  attemptId: string,
  kind: SignKind,
  subject: string,
): Promise<SignerAnswer | undefined> {
  return awaitEvidence(deps, attemptId, 'sumveil_signed', () => deps.sign.findSignature(deps.db.prisma, kind, subject));
}

/** True when the leaf is in a checkpoint with quorum (log before act, governance section 5). */
export async function awaitQuorum(deps: RoundDeps, attemptId: string, leafKey: string): Promise<boolean> {
  const check = async () => ((await deps.log.quorumReached(leafKey)) ? true : undefined);
  return (await awaitEvidence(deps, attemptId, 'sumveil_quorum', check)) ?? false;
}
