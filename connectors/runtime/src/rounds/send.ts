import { digestOf } from '@sumveil/wire';
import { isPassing } from '../coordinator-link.ts';
import { pause } from '../pause.ts';
import type { Site } from '../site.ts';
import type { Attempt, MessageKind } from './attempt.ts';

export type Sender = Pick<Site, 'state' | 'client' | 'now' | 'stopping' | 'timings'>;

/**
 * Writes the bytes into the egress ledger, keeps them, then sends them until the coordinator has answered or the plan has
 * expired. The ledger entry is committed before the first byte leaves.
 *
 * @param mark what has to be stored before this message leaves, in one commit with its entry; throws when it may not leave
 * @throws ClientError when the coordinator refuses
 */
export async function sendMessage(
  site: Sender,
  attempt: Attempt,
  kind: MessageKind,
  bytes: Uint8Array,
  mark: () => void = () => {},
): Promise<void> {
  site.state.transaction(() => {
    mark();
    recordEgress(site, attempt, kind, bytes);
  });
  attempt.kept.set(kind, bytes);
  await untilAnswered(site, attempt, () =>
    site.client.call('submitMessage', {
      params: { planHash: attempt.planHash, kind },
      body: bytes,
      signal: attempt.ended.signal,
    }),
  );
}

export function recordEgress(
  { state, now }: Sender,
  attempt: Attempt,
  what: MessageKind | 'chunk',
  bytes: Uint8Array,
  code?: string,
): void {
  const { runId, round, attempt: number, planHash } = attempt;
  const entry = { what, digest: digestOf(bytes), bytes: bytes.byteLength, ...(code && { code }) };
  state.egress.record({ ...entry, runId, round, attempt: number, planHash }, now());
}

/** Repeats a call whose bytes stay the same while the fault may pass and the plan has not expired. */
export async function untilAnswered<T>(site: Sender, attempt: Attempt, call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const over = attempt.ended.signal.aborted || site.stopping.aborted || site.now() >= attempt.plan.expires;
      if (over || !isPassing(error)) throw error;
      await pause(site.timings.sendAgain, attempt.ended.signal);
    }
  }
}
