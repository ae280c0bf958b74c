import type { KeyObject } from 'node:crypto';
import { canonicalBytes, type Signed, signBody, toBase64url, verifyBody } from '@sumveil/wire';
import { decodeField, parseMessage } from '../messages/fields.ts';
import { rosterApproveSchema } from '../messages/messages.ts';
import { type Roster, rosterFault, rosterMember, rosterQuorum } from './roster.ts';

/** What a connector knows about itself without any roster. */
export interface OwnIdentity {
  readonly tenantRef: string;
  /** own public keys, 32 bytes */
  readonly rosterKey: Uint8Array;
  readonly witnessKey: Uint8Array;
  /** SHA-256 of the root's SubjectPublicKeyInfo of the join string; needed for epoch 1 */
  readonly rootSpki?: Uint8Array;
  /** the epoch that is pinned; needed for every later one */
  readonly pinned?: Roster;
}

/**
 * The connector's own check before an administrator may pin a roster (section 3). A coordinator that swaps in keys of its
 * own fails at the tenant's own row; for a later epoch it also lacks the signatures of a quorum of the old one.
 *
 * @param approvals `roster-approve` messages signed with roster keys of the pinned epoch
 * @throws SecaggError `ROSTER`
 */
export function checkRosterForTenant(roster: Roster, own: OwnIdentity, approvals: readonly Signed[] = []): void {
  checkRosterOffer(roster, own);
  if (own.pinned !== undefined) checkQuorum(roster, own.pinned, approvals);
}

/**
 * All of that but the quorum: what a roster must fulfil before this tenant adds its own approval.
 *
 * @throws SecaggError `ROSTER`
 */
export function checkRosterOffer(roster: Roster, own: OwnIdentity): void {
  const row = roster.members.find((member) => member.tenantRef === own.tenantRef);
  if (row === undefined) throw rosterFault('it has no row for this tenant');
  if (row.rosterKey !== toBase64url(own.rosterKey)) throw rosterFault('the own row carries another roster key');
  if (row.witnessKey !== toBase64url(own.witnessKey)) throw rosterFault('the own row carries another witness key');
  if (own.pinned === undefined) checkFirst(roster, own.rootSpki);
  else checkSuccessor(roster, own.pinned);
}

/** This tenant's consent to a new epoch, signed with its roster key of the old one. */
export function rosterApproval(idx: number, rosterHash: Uint8Array, rosterKey: KeyObject): Signed {
  const body = canonicalBytes({ type: 'roster-approve', v: 1, idx, rosterHash: toBase64url(rosterHash) });
  return signBody('roster-approve', body, rosterKey);
}

function checkFirst(roster: Roster, rootSpki: Uint8Array | undefined): void {
  if (roster.epoch !== 1) throw rosterFault('no epoch is pinned yet and this is not epoch 1');
  if (rootSpki === undefined || !roster.rootSpki.includes(toBase64url(rootSpki))) {
    throw rosterFault('it lacks the root of the join string');
  }
}

function checkSuccessor(roster: Roster, pinned: Roster): void {
  if (roster.rosterHash.equals(pinned.rosterHash)) return;
  if (roster.rosterId !== pinned.rosterId) throw rosterFault('it has another rosterId');
  if (roster.epoch !== pinned.epoch + 1)
    throw rosterFault(`epoch ${roster.epoch} does not follow epoch ${pinned.epoch}`);
  if (!decodeField(roster.prevRoster).equals(pinned.rosterHash)) throw rosterFault('it follows another roster');
}

function checkQuorum(roster: Roster, pinned: Roster, approvals: readonly Signed[]): void {
  if (roster.rosterHash.equals(pinned.rosterHash)) return;
  const approved = new Set(approvals.map((approval) => approvingMember(approval, roster, pinned)));
  const needed = rosterQuorum(pinned);
  if (approved.size < needed)
    throw rosterFault(`${approved.size} members of the old epoch approve, ${needed} are needed`);
}

function approvingMember(approval: Signed, roster: Roster, pinned: Roster): number {
  const body = parseMessage(rosterApproveSchema, approval.body);
  const member = rosterMember(pinned, body.idx);
  if (body.rosterHash !== toBase64url(roster.rosterHash)) throw rosterFault('an approval names another roster');
  if (!verifyBody('roster-approve', approval, decodeField(member.rosterKey)))
    throw rosterFault('an approval is not signed by its member');
  return body.idx;
}
