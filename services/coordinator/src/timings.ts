import { LEAST_LIFE_SECONDS } from '@sumveil/identity';
import { z } from 'zod';

const ms = (normal: number) => z.number().int().min(1).max(86_400_000).default(normal);

/**
 * Every period the processes live by, in milliseconds (governance.md sections 1, 5 and 9). One object, so that a test of a
 * takeover need not wait for real leases.
 */
const fields = z.strictObject({
  /** Life of a lease and how often its holder renews it. */
  lease: ms(15_000),
  leaseRenew: ms(5_000),
  /** How often rows are looked at without a notification. */
  poll: ms(250),
  /** The same for held-open requests, of which there are many. */
  longPollLook: ms(1_000),
  /** How long a held-open request may stay open. */
  longPoll: ms(25_000),
  /** A request whose headers, and one whose whole body, is not there after this gets 408; both are looked at this often. */
  requestHeaders: ms(10_000),
  requestBody: ms(60_000),
  requestLook: ms(1_000),
  /** Whoever takes nothing of an answer for this long loses the connection: it would hold the bytes as long as it likes. */
  answer: ms(60_000),
  /** How often the reconciler looks, and when due work counts as unmoved. */
  reconcile: ms(10_000),
  unmoved: ms(60_000),
  /** Leaves that nobody waits for are sequenced this often. */
  sequence: ms(2_000),
  /** Longest wait of a request or a job for a signature or a quorum; after that the job comes again a little later. */
  signature: ms(2_000),
  evidenceAgain: ms(1_000),
  /** Soonest next look at a phase in which somebody is missing. */
  phaseLook: ms(250),
  /** Between the opening of an attempt that failed and the next one at least; four times as long after each further failure in a row. */
  attemptAgain: ms(15_000),
  /** How often signs of life of tenants are written. */
  presence: ms(1_000),
  /** A signer without the lease asks for it this often; a request that failed is tried again after `signAgain`, doubled each time. */
  signerAgain: ms(500),
  signAgain: ms(250),
  signAgainLongest: ms(60_000),
  /** Longest wait of a report for its evidence and for its seal. */
  reportEvidence: ms(8_000),
  reportSeal: ms(20_000),
  /** A lost LISTEN connection is made anew after this. */
  listenAgain: ms(500),
  /** Postgres ends a transaction whose process has stopped moving after this; the signer's sooner (governance.md section 1). */
  idleInTransaction: ms(30_000),
  idleInTransactionSigner: ms(5_000),
  revocationPoll: ms(2_000),
  /** Without a good read of the revocations for this long, tenants get 503. */
  revocationStale: ms(5_000),
  /** BullMQ: a job of a killed worker is given to another after about this long. */
  jobLock: ms(15_000),
  jobStalled: ms(5_000),
  /** A tenant whose connector was not heard of for this long is shown as absent. */
  absentMs: ms(60_000),
  /** Life of a connector's certificate, in seconds: the floor (1 h) to 30 d. */
  certificateSeconds: z.number().int().min(1).max(2_592_000).default(604_800),
  /** Shortest life that the signer gives a certificate; below 1 h in tests that let one expire, nowhere else. */
  certificateFloorSeconds: z.number().int().min(1).max(LEAST_LIFE_SECONDS).default(LEAST_LIFE_SECONDS),
  /** A connection of a connector is closed after the answer that follows this age. */
  connectionAge: ms(600_000),
  /** How often main-api looks whether its TLS files have changed. */
  tlsFiles: ms(10_000),
  /** A request whose process died is carried out again under its Idempotency-Key after this, longer than any handler runs. */
  abandoned: ms(120_000),
  /** Time to finish after SIGTERM. */
  shutdown: ms(25_000),
});

export const timings = fields
  .refine((t) => t.leaseRenew * 2 <= t.lease, 'leaseRenew must be at most half of lease')
  .refine((t) => t.requestHeaders <= t.requestBody, 'requestHeaders must not be longer than requestBody')
  .refine((t) => t.jobStalled <= t.jobLock, 'jobStalled must not be longer than jobLock')
  .refine((t) => t.revocationPoll < t.revocationStale, 'revocationPoll must be shorter than revocationStale')
  .refine(
    (t) => t.certificateSeconds >= t.certificateFloorSeconds,
    'certificateSeconds must not be below certificateFloorSeconds',
  );

export type Timings = z.infer<typeof timings>;

export const defaultTimings: Timings = timings.parse({});
