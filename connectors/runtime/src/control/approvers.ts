import {
  ApprovalsError,
  type ApproverList,
  buildApproverList,
  parseApproval,
  parseApproverList,
  verifyApproval,
} from '@sumveil/approvals';
import { type DsseEnvelope, digestOf, dsseBytes, parseDsse } from '@sumveil/wire';
import { ConnectorError } from '../error.ts';
import type { Site } from '../site.ts';
import type { State } from '../state/state.ts';

/** Signs a new list of approvers, keeps it as the gate's own list and hands it to the coordinator. */
export async function setApprovers(
  site: Site,
  approvers: ApproverList['approvers'],
): Promise<{ version: number; digest: string }> {
  const { state, keys, member, client, now } = site;
  const version = (state.trust.approverList()?.version ?? 0) + 1;
  let envelope: DsseEnvelope;
  try {
    envelope = buildApproverList({ tenantRef: member.tenantRef, version, approvers }, keys.roster);
  } catch (error) {
    throw error instanceof ApprovalsError
      ? new ConnectorError(
          'BAD_REQUEST',
          `Not a list of approvers: ${error.message}.`,
          'Correct the file and set it again.',
        )
      : error;
  }
  const bytes = dsseBytes(envelope);
  const digest = digestOf(bytes);
  state.transaction(() => {
    state.trust.setApproverList(version, bytes, now());
    state.egress.record({ what: 'approvers', digest, bytes: bytes.length }, now());
  });
  await client.call('declareApprovers', { body: bytes });
  return { version, digest };
}

/**
 * Keeps a refusal or withdrawal that an approver hands in here. From now on nothing is trained or uploaded for that plan,
 * whatever the coordinator shows (governance section 3).
 */
export function storeWithdrawal(state: State, bytes: Uint8Array, at: number): { stored: true; digest: string } {
  const list = state.trust.approverList();
  if (!list) throw refused('this connector has no list of approvers');
  try {
    const envelope = parseDsse(bytes);
    const approval = verifyApproval(envelope, parseApproverList(parseDsse(list.envelope)));
    if (approval.decision === 'granted' || parseApproval(envelope).subject.kind !== 'plan')
      throw refused('it is not a refusal or withdrawal of a plan');
    const digest = digestOf(bytes);
    const row = { digest, planDigest: approval.subject.digest, approverRef: approval.approverRef };
    state.trust.addWithdrawal({ ...row, envelope: Buffer.from(bytes) }, at);
    return { stored: true, digest };
  } catch (error) {
    if (error instanceof ConnectorError) throw error;
    throw refused(error instanceof Error ? error.message : 'it cannot be read');
  }
}

function refused(why: string): ConnectorError {
  return new ConnectorError(
    'MESSAGE_REFUSED',
    `The withdrawal is not kept: ${why}.`,
    'Sign it again with an approver’s own key.',
  );
}
