import type { CoordinatorOptions } from './coordinator.ts';

/**
 * Periods for tests of faults: everything that waits for a dead process is over in a few seconds, in the proportions of the
 * defaults. Spread into the options of a world.
 */
export const fastTimings = {
  timings: {
    lease: 2_000,
    leaseRenew: 500,
    reconcile: 1_000,
    unmoved: 2_000,
    jobLock: 2_000,
    jobStalled: 1_000,
    evidenceAgain: 250,
    attemptAgain: 1_000,
    presence: 500,
    idleInTransaction: 2_000,
    idleInTransactionSigner: 1_000,
    revocationPoll: 1_000,
    revocationStale: 5_000,
    longPoll: 5_000,
    abandoned: 3_000,
    shutdown: 8_000,
  },
  connectorTimings: { again: 250, sendAgain: 250, rosterPinned: 2_000, rosterWaiting: 250, contact: 5_000 },
} as const satisfies Pick<CoordinatorOptions, 'timings' | 'connectorTimings'>;
