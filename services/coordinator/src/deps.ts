import type { PolicyBundle } from '@sumveil/policy';
import type { Logger, Metrics } from '@sumveil/telemetry';
import type { ArtifactStore } from './artifacts/store.ts';
import type { Database, Tx } from './db/client.ts';
import type { Notifications } from './db/notify.ts';
import type { LeafLog } from './log/leaf-log.ts';
import type { Timings } from './timings.ts';

/** What features read of the configuration; each process has more (config.ts). */
export interface CoordinatorConfig {
  readonly trustDomain: string;
  /** Origin of the log before epoch 1, which the roster then takes over. */
  readonly logOrigin: string;
  /** Public halves of the signer's keys, written by the key ceremony. */
  readonly signerPublicFile: string;
}

/** Everything a feature works with; nothing of it is global. */
export interface Deps {
  readonly config: CoordinatorConfig;
  readonly timings: Timings;
  readonly db: Database;
  readonly notify: Notifications;
  readonly artifacts: ArtifactStore;
  /** Process clock in Unix milliseconds: for durations only. Deadlines come from the database's clock. */
  readonly clock: { now(): number };
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly policy: PolicyBundle;
  readonly log: LeafLog;
  readonly sign: Signatures;
  readonly stopping: AbortSignal;
}

export type { LeafLog } from './log/leaf-log.ts';

export type SignKind = 'certificate' | 'grant' | 'plan' | 'list' | 'manifest' | 'report';

/** Requests to the signer travel as rows; implemented in signing/. */
export interface Signatures {
  /** @throws CoordinatorError CONFLICT when the subject was asked for with another body */
  requestSignature(tx: Tx, kind: SignKind, subject: string, body: Uint8Array): Promise<void>;
  /** Undefined while the signer has not answered. */
  findSignature(tx: Tx, kind: SignKind, subject: string): Promise<{ result: Buffer } | { error: string } | undefined>;
  /** @throws CoordinatorError UNAVAILABLE at the timeout (the row stays), CONFLICT with the signer's code when it refused */
  awaitSignature(
    kind: SignKind,
    subject: string,
    options?: { readonly signal?: AbortSignal; readonly timeoutMs?: number },
  ): Promise<Buffer>;
}
