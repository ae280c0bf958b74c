import { type AbortReason, abortMessage, abortReasons, type RoundPlan } from '@sumveil/secagg';
import { digestOf, encodeSigned, memberByTenant } from '@sumveil/wire';
import { isPassing } from '../coordinator-link.ts';
import { pause } from '../pause.ts';
import type { Site } from '../site.ts';
import type { PhaseDeps } from './phases.ts';

/** An attempt that this connector joined, by its plan. */
export interface Joined {
  readonly runId: string;
  readonly round: number;
  readonly attempt: number;
  readonly planHash: string;
  readonly plan: RoundPlan;
}

/**
 * Leaves an attempt by `abort`: the flag that forbids M4 and the ledger's entry are one commit, and the bytes go out until the
 * coordinator has answered. An attempt that was left before is told again in the same bytes: who is present and silent would
 * cost the phase its deadline. False when there is nothing to tell: M4 has been sent.
 */
export function leaveBy(deps: PhaseDeps, joined: Joined, reason: AbortReason, code: string): boolean {
  const { site, beside } = deps;
  const { planHash } = joined;
  const row = site.state.attempts.byPlan(planHash);
  if (!row) return false;
  const bytes = row.aborted ? sentBefore(site, joined) : mark(site, joined, reason, code);
  if (!bytes) return false;
  // Not in the run's own queue: the next attempt need not wait for the answer.
  beside(`abort ${planHash}`, () => untilTold(site, joined, bytes));
  return true;
}

function mark(site: Site, joined: Joined, reason: AbortReason, code: string): Buffer | undefined {
  const bytes = bytesOf(site, joined, reason);
  return (
    bytes &&
    site.state.transaction(() => {
      if (!site.state.attempts.markAborted(joined.planHash)) return undefined;
      record(site, joined, bytes, code);
      return bytes;
    })
  );
}

/**
 * The message again, from the digest in the ledger: its body is a function of plan and reason, and Ed25519 of the body. Without an entry
 * (written by a release that stored flag and entry apart) nothing has left.
 */
function sentBefore(site: Site, joined: Joined): Buffer | undefined {
  const digest = site.state.egress.digestOf(joined.planHash, 'abort');
  if (digest) {
    const made = abortReasons.map((reason) => bytesOf(site, joined, reason));
    return made.find((bytes) => bytes && digestOf(bytes) === digest);
  }
  const bytes = bytesOf(site, joined, 'local');
  if (bytes) record(site, joined, bytes, 'RESTARTED');
  return bytes;
}

function bytesOf({ rosters, member, keys }: Site, { plan }: Joined, reason: AbortReason): Buffer | undefined {
  const roster = rosters.byHash(plan.rosterHash);
  const idx = roster && memberByTenant(roster, member.tenantRef)?.idx;
  if (idx === undefined) return undefined;
  return encodeSigned(abortMessage({ plan, idx, rosterKey: keys.roster, reason }));
}

function record({ state, now }: Site, joined: Joined, bytes: Uint8Array, code: string): void {
  const { runId, round, attempt, planHash } = joined;
  const entry = { what: 'abort', digest: digestOf(bytes), bytes: bytes.byteLength, code } as const;
  state.egress.record({ ...entry, runId, round, attempt, planHash }, now());
}

async function untilTold(
  { client, stopping, now, timings }: Site,
  { planHash, plan }: Joined,
  bytes: Buffer,
): Promise<void> {
  do {
    try {
      await client.call('submitMessage', { params: { planHash, kind: 'abort' }, body: bytes, signal: stopping });
      return;
    } catch (error) {
      // Whatever the coordinator answers, it need not wait any more; without an answer it is told again.
      if (!isPassing(error)) return;
      await pause(timings.sendAgain, stopping);
    }
  } while (!stopping.aborted && now() < plan.expires);
}
