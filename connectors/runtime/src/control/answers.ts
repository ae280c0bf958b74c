import { parseApproverList } from '@sumveil/approvals';
import { type Roster, rosterFingerprint } from '@sumveil/secagg';
import { approvalsNeeded, fromBase64url, parseDsse, rosterApprovers, toBase64url } from '@sumveil/wire';
import { issuedAt, type TlsPair } from '../certificate/tls-files.ts';
import { hashText, type Offered } from '../roster/keeper.ts';
import type { Site } from '../site.ts';

/** A roster as an administrator compares it. */
export interface RosterShown {
  readonly rosterId: string;
  readonly epoch: number;
  readonly rosterHash: string;
  readonly fingerprint: string;
  readonly members: readonly { idx: number; tenantRef: string; own: boolean }[];
  readonly ownRow: 'ok' | 'missing' | 'other-keys';
  readonly minCohort: number;
  readonly witnessQuorum: number;
  readonly logOrigin: string;
  readonly approvals: { have: number; needs: number; own: boolean } | null;
  readonly faults: readonly string[];
}

export interface OwnRow {
  readonly tenantRef: string;
  readonly rosterPublic: Uint8Array;
  readonly witnessPublic: Uint8Array;
}

export function showRoster(roster: Roster, own: OwnRow): RosterShown {
  const row = roster.members.find((member) => member.tenantRef === own.tenantRef);
  const sameKeys =
    row?.rosterKey === toBase64url(own.rosterPublic) && row.witnessKey === toBase64url(own.witnessPublic);
  const faults = row
    ? sameKeys
      ? []
      : ['The own row carries other keys than this connector’s.']
    : ['No row for this tenant.'];
  return {
    rosterId: roster.rosterId,
    epoch: roster.epoch,
    rosterHash: hashText(roster),
    fingerprint: rosterFingerprint(roster.rosterHash),
    members: roster.members.map(({ idx, tenantRef }) => ({ idx, tenantRef, own: tenantRef === own.tenantRef })),
    ownRow: row ? (sameKeys ? 'ok' : 'other-keys') : 'missing',
    minCohort: roster.minCohort,
    witnessQuorum: roster.witnessQuorum,
    logOrigin: roster.logOrigin,
    approvals: null,
    faults,
  };
}

/** The offered roster, with how far its approval has come when a later epoch is offered. */
export function showOffered(site: Site, offered: Offered): RosterShown {
  const shown = showRoster(offered.roster, ownRow(site));
  const old = site.rosters.pinned();
  if (!old || offered.roster.epoch !== old.epoch + 1) return shown;
  const have = rosterApprovers(old, offered.roster.rosterHash, offered.approvals).length;
  const own = site.state.trust.approvedLocally(shown.rosterHash);
  return { ...shown, approvals: { have, needs: approvalsNeeded(old), own } };
}

export function ownRow({ member, keys }: Pick<Site, 'member' | 'keys'>): OwnRow {
  return { tenantRef: member.tenantRef, rosterPublic: keys.rosterPublic, witnessPublic: keys.witnessPublic };
}

/** When the certificate in front was made, at the enrolment or the last renewal, and when it ends. */
export function showCertificate({ certificate }: TlsPair) {
  return {
    certificateSerial: certificate.serialNumber,
    certificateIssuedAt: new Date(issuedAt(certificate)).toISOString(),
    certificateExpiresAt: certificate.validToDate.toISOString(),
  };
}

export function showStatus(site: Site) {
  const { member, rosters, state, board, policy, now } = site;
  const pinned = rosters.pinned();
  const offered = rosters.offered();
  const witness = state.trust.witness();
  const { policy: limits, digest } = policy();
  return {
    state: site.stopping.aborted ? 'stopped' : pinned ? 'ready' : 'waiting-roster',
    tenantRef: member.tenantRef,
    idx: member.idx,
    name: member.name,
    version: VERSION,
    startedAt: new Date(board.startedAt).toISOString(),
    ...showCertificate(site.certificate.current()),
    roster: pinned
      ? {
          rosterId: pinned.rosterId,
          epoch: pinned.epoch,
          rosterHash: hashText(pinned),
          fingerprint: rosterFingerprint(pinned.rosterHash),
          members: pinned.members.length,
          minCohort: pinned.minCohort,
          witnessQuorum: pinned.witnessQuorum,
        }
      : null,
    offered:
      offered && (!pinned || hashText(pinned) !== hashText(offered.roster))
        ? {
            epoch: offered.roster.epoch,
            rosterHash: hashText(offered.roster),
            fingerprint: rosterFingerprint(offered.roster.rosterHash),
          }
        : null,
    policy: { digest, minCohort: limits.minCohort, minHonest: limits.minHonest },
    witness: witness ? { size: witness.size, fork: witness.fork } : null,
    coordinator: {
      reachable: board.lastContactAt !== undefined && now() - board.lastContactAt < site.timings.contact,
      lastContactAt: board.lastContactAt === undefined ? null : new Date(board.lastContactAt).toISOString(),
    },
    runs: board.runs(),
    warnings: board.warnings(),
  };
}
export type Status = ReturnType<typeof showStatus>;

export const VERSION = '0.1.0';

/** ready: enrolled, a roster is pinned, the coordinator was reached lately. */
export function readyFault(site: Site): string | undefined {
  const status = showStatus(site);
  if (!status.roster) return 'ROSTER_NONE';
  if (status.witness?.fork) return 'FORK';
  return status.coordinator.reachable ? undefined : 'UNREACHABLE';
}

export function showApprovers({ state }: Pick<Site, 'state'>) {
  const held = state.trust.approverList();
  return held
    ? { version: held.version, approvers: parseApproverList(parseDsse(held.envelope)).approvers }
    : { version: 0, approvers: [] };
}

export function showWithdrawals({ state }: Pick<Site, 'state'>) {
  const rows = state.trust.withdrawals();
  return {
    withdrawals: rows.map(({ digest, planDigest, approverRef, storedAt }) => ({
      digest,
      planDigest,
      approverRef,
      storedAt,
    })),
  };
}

/** base64url, or 64 hex digits with or without spaces, as an administrator copies a fingerprint. */
export function readHash(text: string): string {
  const hex = text.replace(/\s+/g, '').toLowerCase();
  if (/^[0-9a-f]{64}$/.test(hex)) return toBase64url(Buffer.from(hex, 'hex'));
  return toBase64url(fromBase64url(text.trim(), 32));
}
