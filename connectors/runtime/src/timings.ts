import { z } from 'zod';

const ms = (normal: number) => z.number().int().min(1).max(86_400_000).default(normal);

/**
 * Every period the connector lives by, in milliseconds. One object, read once, so that a test of a fault need not wait for
 * real ones; how long the coordinator holds a poll open is its own setting.
 */
export const connectorTimings = z.strictObject({
  /** After a failed call of the task loop or the witness, and before a task that failed is taken up again. */
  again: ms(1_000),
  /** Before the same message is sent again. */
  sendAgain: ms(500),
  /** How long proofs and results may lag behind a new task, and how often they are looked at again. */
  settle: ms(5_000),
  settleLook: ms(250),
  /** How long a result waits for the one before it. */
  order: ms(5_000),
  /** How often the roster is looked at while none is pinned, and afterwards. */
  rosterWaiting: ms(1_000),
  rosterPinned: ms(15_000),
  /** First pause after a renewal of the certificate that failed; doubled each time. */
  renewAgain: ms(5_000),
  /** How often the local policy is read for changes. */
  policyLook: ms(2_000),
  /** Without an answer for this long the coordinator is shown as not reachable. */
  contact: ms(60_000),
});

export type ConnectorTimings = z.infer<typeof connectorTimings>;

export const defaultConnectorTimings: ConnectorTimings = connectorTimings.parse({});
