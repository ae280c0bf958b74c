import type { KeyObject } from 'node:crypto';
import type { Logger } from '@sumveil/telemetry';
import { errorCode } from '@sumveil/telemetry';
import type { Database } from '../db/client.ts';
import { channels, type Notifications } from '../db/notify.ts';
import { isCoordinatorError } from '../error.ts';
import type { Lease } from '../lease/lease.ts';
import type { Timings } from '../timings.ts';
import { appendLeaf } from './append.ts';
import { BATCH, type Sequenced, sequenceBatch } from './sequencer.ts';

export interface SequencerOptions {
  readonly db: Database;
  readonly notify: Notifications;
  readonly log: string;
  readonly logKey: KeyObject;
  readonly lease: Lease;
  readonly logger: Logger;
  /** A missed notification costs at most `poll` (governance.md section 1, "Reaching the signer"). */
  readonly timings: Pick<Timings, 'poll' | 'sequence'>;
  /** Called once when the tree no longer continues what was signed: nothing more is sequenced until people look. */
  readonly onBroken?: (error: unknown) => void;
}

/**
 * Sequences pending leaves: at once when an act waits for one, else every `sequence`. `witness.cosigned` alone never makes a
 * checkpoint, or each checkpoint would ask for the next.
 *
 * @returns resolves when `signal` is aborted and the batch in flight has ended
 */
export async function runSequencer(o: SequencerOptions, signal: AbortSignal): Promise<void> {
  let wake = () => {};
  let woken = true;
  let nextTimer = performance.now() + o.timings.sequence;
  let before: Sequenced | undefined;
  const onLeaf = () => {
    woken = true;
    wake();
  };
  const off = o.notify.on(channels.leaf, onLeaf);
  signal.addEventListener('abort', onLeaf);
  try {
    while (!signal.aborted) {
      const timer = performance.now() >= nextTimer;
      if (timer) nextTimer = performance.now() + o.timings.sequence;
      const asked = woken;
      woken = false;
      try {
        if (asked || (await isDue(o, timer))) before = (await drain(o, before)) ?? before;
      } catch (error) {
        if (isCoordinatorError(error, 'FENCED')) return;
        if (isCoordinatorError(error, 'INTERNAL')) return o.onBroken?.(error);
        o.logger.event('database.error', { code: errorCode(error) });
      }
      if (!woken && !signal.aborted) {
        await pause(o.timings.poll, (resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    off();
    signal.removeEventListener('abort', onLeaf);
  }
}

function pause(ms: number, onWake: (resolve: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    onWake(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

async function isDue(o: SequencerOptions, timer: boolean): Promise<boolean> {
  const [row] = await o.db.prisma.$queryRaw<{ gated: boolean | null; other: boolean | null }[]>`
    SELECT bool_or(gated) AS gated, bool_or(key NOT LIKE '["witness.cosigned"%') AS other
    FROM audit_pending WHERE log = ${o.log}`;
  return Boolean(row?.gated) || (timer && Boolean(row?.other));
}

/** Batch after batch until nothing is pending. */
async function drain(o: SequencerOptions, before: Sequenced | undefined): Promise<Sequenced | undefined> {
  let last = before;
  for (;;) {
    const signedBefore = last;
    const done = await o.db.transaction((tx) => sequenceBatch(tx, { ...o, signedBefore }));
    if (!done) return last;
    last = done;
    if (done.refused.length > 0) await recordRefused(o, done.refused);
    o.logger.event('log.checkpoint', { size: done.size, root: `sha256:${done.root.toString('hex')}` });
    if (done.taken < BATCH) return last;
  }
}

/** Rows that are no leaves were put there past the code: alarm. */
async function recordRefused(o: SequencerOptions, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    o.logger.event('signer.refused', { kind: 'leaf', code: 'FORMAT' });
    const subject = Buffer.from(key).toString('base64url').slice(0, 180);
    const actor = { kind: 'service', ref: 'signer', via: 'sequencer' } as const;
    const leaf = { type: 'sign.refused', actor, kind: 'leaf', subject, code: 'FORMAT' } as const;
    await o.db
      .transaction((tx) => appendLeaf(tx, o.log, leaf, false))
      .catch((error: unknown) => o.logger.event('database.error', { code: errorCode(error) }));
  }
}
