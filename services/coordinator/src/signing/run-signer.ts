import { errorCode } from '@sumveil/telemetry';
import { dedupeKey, type Leaf } from '@sumveil/transparency';
import type { Deps } from '../deps.ts';
import { CoordinatorError, isCoordinatorError } from '../error.ts';
import { recordFenced } from '../lease/fenced.ts';
import { type Lease, requireLease, withLease } from '../lease/lease.ts';
import { runSequencer } from '../log/sequencer-loop.ts';
import { loadSignerKeys, type SignerKeys } from './key-files.ts';
import { createMemo } from './memo.ts';
import { runSignLoop } from './sign-loop.ts';

export interface SignerDeps extends Omit<Deps, 'sign'> {
  /** Folder with the signer's key files (mode 0400), made at the key ceremony. */
  readonly keysFolder: string;
}

export interface RunningSigner {
  /** True while this process holds the lease. */
  active(): boolean;
  /** Ends after the work in hand; the lease is released, so the next signer starts at once. */
  stop(): Promise<void>;
}

const RESOURCE = 'signer';

/**
 * Signer and sequencer under the lease `signer`: of two processes one works, the other waits for its lease to end
 * (governance.md section 1, "One active").
 *
 * @throws IdentityError or CoordinatorError when the keys cannot be read
 */
export async function runSigner(deps: SignerDeps): Promise<RunningSigner> {
  const keys = loadSignerKeys(deps.keysFolder);
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  deps.stopping.addEventListener('abort', stop);
  let holding = false;
  const running = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await withLease(
          deps.db,
          { resource: RESOURCE, timings: deps.timings, onFenced: (lease) => recordFenced(deps, lease) },
          async (lease) => {
            holding = true;
            await workUnder(deps, keys, lease, stopping.signal);
          },
        );
      } catch (error) {
        if (!isCoordinatorError(error, 'LEASE_BUSY', 'FENCED')) {
          deps.logger.event('database.error', { code: errorCode(error) });
        }
      } finally {
        holding = false;
      }
      await pause(deps.timings.signerAgain, stopping.signal);
    }
  })();
  return {
    active: () => holding,
    async stop() {
      stop();
      await running;
      deps.stopping.removeEventListener('abort', stop);
    },
  };
}

async function workUnder(deps: SignerDeps, keys: SignerKeys, lease: Lease, stopping: AbortSignal): Promise<void> {
  const ended = new AbortController();
  const signal = AbortSignal.any([stopping, lease.signal, ended.signal]);
  deps.logger.event('lease.taken', { epoch: Number(lease.epoch) });
  await recordActivation(deps, lease);
  const context = {
    keys,
    log: deps.log,
    policy: deps.policy,
    artifacts: deps.artifacts,
    trustDomain: deps.config.trustDomain,
    timings: deps.timings,
    memo: createMemo(),
  };
  const { db, notify, logger, log, timings } = deps;
  const end = () => ended.abort();
  let broken = false;
  const onBroken = () => {
    broken = true;
    logger.event('signer.refused', { kind: 'checkpoint', code: 'LOG_DISCONTINUED' });
  };
  await Promise.all([
    runSequencer({ db, notify, logger, lease, log: log.origin, logKey: keys.log, timings, onBroken }, signal).finally(
      end,
    ),
    runSignLoop({ db, notify, logger, lease, context, timings }, signal).finally(end),
  ]);
  // Still holding the lease: no other signer may go on where this one saw that the log does not continue.
  if (broken) await aborted(AbortSignal.any([stopping, lease.signal]));
  if (stopping.aborted) return;
  logger.event('lease.lost', { epoch: Number(lease.epoch) });
  // The loops end by themselves when they find a later epoch: whoever holds the lease for them is told all the same.
  throw new CoordinatorError('FENCED', 'The signer has lost its lease; nothing more was signed.');
}

/** Who signs from now on; rides with the next business leaf. */
async function recordActivation({ db, log }: SignerDeps, lease: Lease): Promise<void> {
  const actor = { kind: 'service', ref: 'signer', via: 'lease' } as const;
  const leaf = {
    type: 'signer.activated',
    actor,
    resource: RESOURCE,
    currentEpoch: Number(lease.epoch),
    replica: lease.holder,
  } as const;
  await db.transaction(async (tx) => {
    await requireLease(tx, lease);
    if (!(await log.hasLeaf(tx, dedupeKey(leaf as unknown as Leaf)))) await log.appendLeaf(tx, leaf);
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
