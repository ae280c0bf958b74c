import type { Logger } from '@sumveil/telemetry';
import type { Trainer } from '@sumveil/trainers';
import type { CertificateKeeper } from './certificate/keeper.ts';
import type { CoordinatorClient } from './coordinator-link.ts';
import type { DataSource } from './data/data-source.ts';
import type { Membership, OwnKeys } from './enrolment/identity-files.ts';
import type { PolicyInForce } from './policy/local-policy.ts';
import type { RosterKeeper } from './roster/keeper.ts';
import type { State } from './state/state.ts';
import type { Board } from './status/board.ts';
import type { ConnectorTimings } from './timings.ts';

/** What every part of the connector works with; handed in, never global. */
export interface Site {
  readonly state: State;
  readonly keys: OwnKeys;
  readonly member: Membership;
  readonly client: CoordinatorClient;
  readonly certificate: CertificateKeeper;
  /** Enrolment listener, for the return after expiry. */
  readonly enrolUrl: string | undefined;
  /** connector listener */
  readonly coordinatorUrl: string;
  readonly rosters: RosterKeeper;
  /** Throws when the file has become faulty; whoever meets that calls `fail`. */
  readonly policy: () => PolicyInForce;
  readonly data: DataSource;
  readonly trainer: Trainer;
  /** `sha256:<hex>` of the trainer's source; a plan that names other code is refused */
  readonly codeDigest: string;
  readonly board: Board;
  readonly logger: Logger;
  readonly stateDir: string;
  readonly timings: ConnectorTimings;
  readonly resultsFile: string | undefined;
  /** ms since 1970 */
  readonly now: () => number;
  readonly stopping: AbortSignal;
  /** Ends the connector: it may not go on with this fault. */
  readonly fail: (error: unknown) => void;
}
