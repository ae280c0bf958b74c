import { z } from 'zod';
import { fromBase64url, toBase64url } from './encoding/base64url.ts';
import { canonicalBytes, parseBody } from './encoding/canonical.ts';
import { type Signed, verifyBody } from './encoding/signed.ts';
import { WireError } from './error.ts';
import { parseRoster, quorumOf, type Roster, rosterHash } from './roster.ts';

const rosterApprove = z.strictObject({
  type: z.literal('roster-approve'),
  v: z.literal(1),
  idx: z.int().min(1).max(65_535),
  rosterHash: z.string(),
});

/** What a member of the old epoch signs with its roster key (type `roster-approve`) to let a new epoch take effect. */
export function rosterApproveBody(idx: number, hash: Uint8Array): Buffer {
  return canonicalBytes({ type: 'roster-approve', v: 1, idx, rosterHash: toBase64url(hash) });
}

/** Indices of the old epoch's members that approved this hash, each once; anything that does not verify is not counted. */
export function rosterApprovers(old: Roster, hash: Uint8Array, approvals: readonly Signed[]): number[] {
  const approved = new Set<number>();
  for (const message of approvals) {
    const idx = approverIndex(old, hash, message);
    if (idx !== undefined) approved.add(idx);
  }
  return [...approved].sort((a, b) => a - b);
}

function approverIndex(old: Roster, hash: Uint8Array, message: Signed): number | undefined {
  let body: z.infer<typeof rosterApprove>;
  try {
    body = rosterApprove.parse(parseBody(message.body));
  } catch {
    return undefined;
  }
  const member = old.members.find((m) => m.idx === body.idx);
  if (!member || body.rosterHash !== toBase64url(hash)) return undefined;
  return verifyBody('roster-approve', message, fromBase64url(member.rosterKey, 32)) ? body.idx : undefined;
}

/** Approvals of the old epoch that the next one needs before it takes effect. */
export function approvalsNeeded(old: Roster): number {
  return quorumOf(old.members.length, old);
}

const trust = z.strictObject({
  type: z.literal('trust'),
  v: z.literal(1),
  rosterId: z.string().min(1).max(64),
  epoch: z.int().min(1),
  rosterHash: z.string(),
});
export type Trust = z.infer<typeof trust>;

/**
 * Reads what `--trust` takes: a trust file, or a whole roster, which says the same and more.
 *
 * @throws WireError `CANONICAL`, `SIZE`, `SCHEMA`
 */
export function parseTrust(bytes: Uint8Array): Trust {
  // Files written by an editor end in a line feed that is not part of the body.
  const body = bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes;
  const value = parseBody(body);
  const parsed = trust.safeParse(value);
  if (parsed.success) return parsed.data;
  const roster = parseRoster(body);
  return trustOf(roster, rosterHash(body));
}

export function trustOf(roster: Roster, hash: Uint8Array): Trust {
  return { type: 'trust', v: 1, rosterId: roster.rosterId, epoch: roster.epoch, rosterHash: toBase64url(hash) };
}

export function trustBytes(value: Trust): Buffer {
  return canonicalBytes(value);
}

/** One epoch as a bundle or a connector holds it: exact body and the old epoch's approvals (none for epoch 1). */
export interface RosterEpoch {
  readonly body: Uint8Array;
  readonly approvals: readonly Signed[];
}

/**
 * Roster bodies that a trust file anchors: earlier epochs by `prevRoster`, later ones by `prevRoster` and the approvals of
 * the epoch before. `epochs` must be consecutive and hold the trusted one.
 *
 * @throws WireError `SIGNATURE` when the chain does not hold, and what {@link parseRoster} throws
 */
export function anchorRosters(epochs: readonly RosterEpoch[], anchor: Trust): Roster[] {
  const rosters = linkRosters(epochs);
  const at = rosters.findIndex((r) => r.epoch === anchor.epoch);
  if (at < 0) throw new WireError('SIGNATURE', `the trusted epoch ${anchor.epoch} is not among the rosters`);
  const hash = toBase64url(rosterHash(epochs[at]!.body));
  if (rosters[at]!.rosterId !== anchor.rosterId || hash !== anchor.rosterHash)
    throw new WireError('SIGNATURE', `roster of epoch ${anchor.epoch} is not the trusted one; compare the hash again`);
  for (let i = at + 1; i < rosters.length; i++) requireApprovals(rosters[i - 1]!, epochs[i]!);
  return rosters;
}

/** Parses consecutive epochs of one rosterId and checks that each names the hash of the one before. */
export function linkRosters(epochs: readonly RosterEpoch[]): Roster[] {
  const rosters = epochs.map((e) => parseRoster(e.body));
  for (let i = 1; i < rosters.length; i++) {
    const [old, next] = [rosters[i - 1]!, rosters[i]!];
    if (next.rosterId !== old.rosterId || next.epoch !== old.epoch + 1)
      throw new WireError('SIGNATURE', 'roster epochs are not consecutive epochs of one roster');
    if (next.prevRoster !== toBase64url(rosterHash(epochs[i - 1]!.body)))
      throw new WireError('SIGNATURE', `epoch ${next.epoch} does not name the roster before it`);
  }
  return rosters;
}

/** @throws WireError `SIGNATURE` when fewer than {@link approvalsNeeded} members of the old epoch approved */
export function requireApprovals(old: Roster, next: RosterEpoch): void {
  const have = rosterApprovers(old, rosterHash(next.body), next.approvals).length;
  const needs = approvalsNeeded(old);
  if (have < needs)
    throw new WireError(
      'SIGNATURE',
      `epoch ${old.epoch + 1} has ${have} approvals of epoch ${old.epoch}, needs ${needs}`,
    );
}
