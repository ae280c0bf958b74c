import { bad, type Check, good, warn } from '@sumveil/client';
import { type Roster, rosterFingerprint } from '@sumveil/secagg';
import { errorCode } from '@sumveil/telemetry';
import { ownRow, showRoster } from '../control/answers.ts';
import { hashText } from '../roster/keeper.ts';
import type { Site } from '../site.ts';

/** Pinned, with the own keys in it, and what the coordinator offers now. Asking may pin what this tenant has approved already. */
export async function rosterCheck(site: Site, reached: boolean): Promise<Check> {
  const { rosters, state } = site;
  const refused = reached ? await rosters.refresh().then(() => undefined, errorCode) : undefined;
  const [pinned, offer] = [rosters.pinned(), rosters.offered()?.roster];
  if (!pinned) return unpinned(offer, refused);
  const [fault] = showRoster(pinned, ownRow(site)).faults;
  const stands = `epoch ${pinned.epoch} with ${pinned.members.length} members is pinned`;
  if (fault)
    return bad(
      'roster',
      `${stands}, but: ${fault}`,
      'A new epoch with this connector’s keys is needed: call the operator.',
    );
  const same = offer && hashText(offer) === hashText(pinned);
  // An offer held in memory is not what the coordinator says now.
  if (refused && (!offer || same))
    return warn('roster', `${stands}; the coordinator does not say what it offers (${refused})`, ASK);
  if (!offer) return good('roster', reached ? `${stands}; the coordinator offers none` : stands);
  if (same) return good('roster', reached ? `${stands} and is what the coordinator offers` : stands);
  if (offer.epoch <= pinned.epoch) {
    const found = `${stands}, and the coordinator offers another roster of epoch ${offer.epoch}`;
    const next =
      'It may be a restored backup, or another coordinator than yours: pin nothing, call the other admins and the operator.';
    return bad('roster', found, next);
  }
  if (state.trust.approvedLocally(hashText(offer)))
    return warn(
      'roster',
      `${stands}; epoch ${offer.epoch} is approved here`,
      'Others’ approvals are missing; nothing to do here.',
    );
  const next = `Compare ${rosterFingerprint(offer.rosterHash)} with the other admins, then: sumveil connector roster approve.`;
  return warn('roster', `${stands}; epoch ${offer.epoch} waits for this tenant’s approval`, next);
}

const ASK = 'Ask the platform operator, then try again.';

function unpinned(offer: Roster | undefined, refused: string | undefined): Check {
  if (!offer && refused)
    return bad('roster', `no roster is pinned; the coordinator does not say what it offers (${refused})`, ASK);
  if (!offer)
    return bad(
      'roster',
      'no roster is pinned, and none is offered',
      'The platform operator publishes one when all have enrolled.',
    );
  const next = `Compare ${rosterFingerprint(offer.rosterHash)} with the other admins, then: sumveil connector roster pin.`;
  return bad('roster', `no roster is pinned; epoch ${offer.epoch} is offered`, next);
}

export function logCheck({ state }: Pick<Site, 'state'>): Check {
  const witness = state.trust.witness();
  if (witness?.fork) {
    const next =
      'Keep the state folder and the fork-….note in it, and call the platform operator; nothing is joined until that is settled.';
    return bad('log', 'the audit log has shown two histories', next);
  }
  return good('log', witness ? `cosigned up to size ${witness.size}` : 'nothing cosigned yet');
}
