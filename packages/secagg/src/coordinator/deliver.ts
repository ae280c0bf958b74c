import { encodeDelivered } from '../messages/envelopes.ts';
import { shareLeaf } from '../tree/leaves.ts';
import { auditPath, treeLevels } from '../tree/tree.ts';

/**
 * What each recipient gets of one sender: envelope and audit path. A recipient's download is the concatenation over the
 * senders in U2, ascending.
 *
 * @param envelopes of the accepted M1, ascending recipient
 */
export function deliverEnvelopes(
  u1: readonly number[],
  from: number,
  envelopes: readonly Uint8Array[],
): Map<number, Buffer> {
  const recipients = u1.filter((member) => member !== from);
  const levels = treeLevels(recipients.map((to, i) => shareLeaf(to, envelopes[i]!)));
  return new Map(
    recipients.map((to, i) => [to, encodeDelivered({ envelope: envelopes[i]!, path: auditPath(levels, i) })]),
  );
}
