import { EventEmitter, once } from 'node:events';
import {
  checkRosterForTenant,
  checkRosterOffer,
  parseRoster,
  type Roster,
  rosterApproval,
  rosterFingerprint,
  SecaggError,
} from '@sumveil/secagg';
import {
  approvalsNeeded,
  decodeSignedList,
  digestOf,
  encodeSigned,
  fromBase64url,
  rosterApprovers,
  type Signed,
  toBase64url,
} from '@sumveil/wire';
import { type CoordinatorClient, hasCode } from '../coordinator-link.ts';
import type { Membership, OwnKeys } from '../enrolment/identity-files.ts';
import { ConnectorError } from '../error.ts';
import type { PolicyInForce } from '../policy/local-policy.ts';
import type { State } from '../state/state.ts';

/** A roster as the coordinator offers it. Trusted by nobody until the tenant's admin has compared its hash. */
export interface Offered {
  readonly body: Buffer;
  readonly roster: Roster;
  readonly approvals: readonly Signed[];
  readonly approvalBytes: Buffer;
}

export interface RosterKeeper {
  /** Newest pinned epoch. */
  pinned(): Roster | undefined;
  /** A pinned epoch by its hash: results of attempts that were opened under an earlier one still come. */
  byHash(hash: string): Roster | undefined;
  offered(): Offered | undefined;
  /** Asks the coordinator; pins a later epoch by itself when it is approved here and by the old quorum. */
  refresh(): Promise<void>;
  /** Resolves as soon as an epoch is pinned. */
  whenPinned(signal: AbortSignal): Promise<Roster>;
  /** @throws ConnectorError `ROSTER_NONE`, `HASH_MISMATCH`, `ROSTER_REFUSED`, `APPROVALS_MISSING` */
  pin(hash: string): Promise<Roster>;
  /**
   * Signs and sends `roster-approve` for a later epoch that passes every check but the quorum, one roster an epoch.
   *
   * @returns true when that pinned it
   * @throws ConnectorError `ROSTER_NONE`, `HASH_MISMATCH`, `ROSTER_REFUSED`
   */
  approve(hash: string): Promise<boolean>;
}

export interface KeeperDeps {
  readonly state: State;
  readonly client: CoordinatorClient;
  readonly keys: OwnKeys;
  readonly member: Membership;
  readonly policy: () => PolicyInForce;
  readonly now: () => number;
}

export function rosterKeeper(deps: KeeperDeps): RosterKeeper {
  const { state, client, keys, member, now } = deps;
  const events = new EventEmitter();
  let epochs = state.trust.pinned().map((row) => parseRoster(row.body));
  let offer: Offered | undefined;
  const newest = () => epochs.at(-1);

  async function fetchOffer(): Promise<Offered | undefined> {
    try {
      const body = Buffer.from(await client.call('connectorRoster', {}));
      const approvalBytes = Buffer.from(await client.call('connectorRosterApprovals', {}));
      offer = { body, roster: parseRoster(body), approvals: decodeSignedList(approvalBytes), approvalBytes };
    } catch (error) {
      if (!hasCode(error, 'ROSTER_NONE')) throw error;
      offer = undefined;
    }
    return offer;
  }

  function store(found: Offered): Roster {
    const { roster, body, approvalBytes } = found;
    state.trust.pin({ epoch: roster.epoch, hash: hashText(roster), body, approvals: approvalBytes }, now());
    epochs = [...epochs, roster];
    events.emit('pinned');
    return roster;
  }

  /**
   * Every check of section 3 that the connector can make; the admin's comparison of the hash stands beside it.
   *
   * @param quorum false before the own approval: everything but the others' approvals
   */
  function check(found: Offered, quorum: boolean): void {
    const { minCohort } = deps.policy().policy;
    const size = found.roster.members.length;
    if (size < minCohort) throw refused(`it has ${size} members and the local policy asks for ${minCohort}`);
    const own = {
      tenantRef: member.tenantRef,
      rosterKey: keys.rosterPublic,
      witnessKey: keys.witnessPublic,
      rootSpki: fromBase64url(member.rootSpki, 32),
      ...(newest() && { pinned: newest()! }),
    };
    try {
      if (quorum) checkRosterForTenant(found.roster, own, validApprovals(found));
      else checkRosterOffer(found.roster, own);
    } catch (error) {
      throw error instanceof SecaggError ? refusal(error.detail) : error;
    }
  }

  /** One bad line from the coordinator must not make good approvals useless. */
  function validApprovals(found: Offered): Signed[] {
    const old = newest();
    if (!old) return [];
    return found.approvals.filter((one) => rosterApprovers(old, found.roster.rosterHash, [one]).length === 1);
  }

  async function named(hash: string): Promise<Offered> {
    const found = await fetchOffer();
    if (!found) throw new ConnectorError('ROSTER_NONE', 'The coordinator has published no roster.', 'Try again later.');
    if (hashText(found.roster) !== hash)
      throw new ConnectorError(
        'HASH_MISMATCH',
        `The coordinator offers ${rosterFingerprint(found.roster.rosterHash)}, which is not the hash you gave.`,
        'Compare it with the other administrators over another channel before you pin.',
      );
    return found;
  }

  function tryPinLater(): boolean {
    const old = newest();
    if (!offer || !old || offer.roster.epoch !== old.epoch + 1) return false;
    if (!state.trust.approvedLocally(hashText(offer.roster))) return false;
    if (validApprovals(offer).length < approvalsNeeded(old)) return false;
    check(offer, true);
    store(offer);
    return true;
  }

  return {
    pinned: newest,
    byHash: (hash) => epochs.find((roster) => hashText(roster) === hash),
    offered: () => offer,
    async refresh() {
      await fetchOffer();
      tryPinLater();
    },
    async whenPinned(signal) {
      while (!newest()) await once(events, 'pinned', { signal });
      return newest()!;
    },
    async pin(hash) {
      const pinned = newest();
      if (pinned && hashText(pinned) === hash) return pinned;
      const found = await named(hash);
      if (pinned && !state.trust.approvedLocally(hash))
        throw new ConnectorError(
          'APPROVALS_MISSING',
          'A later epoch is approved first.',
          'Run approve with this hash.',
        );
      check(found, true);
      return store(found);
    },
    async approve(hash) {
      const old = newest();
      if (!old)
        throw new ConnectorError('ROSTER_NONE', 'No epoch is pinned yet.', 'The first roster is pinned, not approved.');
      const found = await named(hash);
      if (found.roster.epoch !== old.epoch + 1)
        throw refused(`epoch ${found.roster.epoch} does not follow ${old.epoch}`);
      check(found, false);
      const row = old.members.find((m) => m.tenantRef === member.tenantRef)!;
      const bytes = encodeSigned(rosterApproval(row.idx, found.roster.rosterHash, keys.roster));
      state.transaction(() => {
        if (!state.trust.approveLocally(found.roster.epoch, hash, now()))
          throw refused(`another roster of epoch ${found.roster.epoch} was approved here`);
        state.egress.record({ what: 'roster-approve', digest: digestOf(bytes), bytes: bytes.length }, now());
      });
      await client.call('approveRoster', { body: bytes });
      await fetchOffer();
      return tryPinLater();
    },
  };
}

export function hashText(roster: Roster): string {
  return toBase64url(roster.rosterHash);
}

function refused(why: string): ConnectorError {
  return refusal(`The roster is refused: ${why}.`);
}

function refusal(sentence: string): ConnectorError {
  return new ConnectorError('ROSTER_REFUSED', sentence, 'Tell the platform operator; do not pin it.');
}
