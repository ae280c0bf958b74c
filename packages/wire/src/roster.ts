import { z } from 'zod';
import { fromBase64url } from './encoding/base64url.ts';
import { parseBody } from './encoding/canonical.ts';
import { sha256 } from './encoding/label.ts';
import { WireError } from './error.ts';
import { ref } from './scalars.ts';

/** A byte field of a body: base64url without padding, exactly `length` bytes. */
function bytesField(length: number) {
  return z.string().refine((text) => {
    try {
      return fromBase64url(text, length).length === length;
    } catch {
      return false;
    }
  }, `expected ${length} bytes as base64url without padding`);
}

/** 16 characters of a-z2-7: stands in for a name (governance, opening paragraph). */

const member = z.strictObject({
  idx: z.int().min(1).max(65_535),
  tenantRef: ref,
  rosterKey: bytesField(32),
  witnessKey: bytesField(32),
});

export const rosterBody = z.strictObject({
  type: z.literal('roster'),
  v: z.literal(1),
  rosterId: z.string().min(1).max(64),
  epoch: z.int().min(1),
  prevRoster: bytesField(32),
  members: z.array(member).min(2).max(1000),
  coordinatorKey: bytesField(32),
  grantKey: bytesField(32),
  reportKey: bytesField(32),
  /** Also the key name in signed notes, which excludes white space and `+`. */
  logOrigin: z.string().regex(/^[!-*,-~]{1,128}$/),
  logKey: bytesField(32),
  rootSpki: z.array(bytesField(32)).min(1).max(4),
  witnessQuorum: z.int().min(1),
  cNum: z.int().min(0).max(65_535),
  cDen: z.int().min(1).max(65_535),
  minCohort: z.int().min(2),
  suites: z.array(z.union([z.literal(1), z.literal(2)])).min(1),
  modes: z.array(z.enum(['complete', 'graph'])).min(1),
});
export type Roster = z.infer<typeof rosterBody>;
export type RosterMember = Roster['members'][number];

const NO_PREVIOUS = 'A'.repeat(43);

/**
 * Roster body of secure-aggregation section 3, with every rule that does not need to know who reads it. A connector adds
 * that its own row carries its own keys.
 *
 * @param body exact received bytes
 * @throws WireError `CANONICAL`, `SIZE` or `SCHEMA`
 */
export function parseRoster(body: Uint8Array): Roster {
  const parsed = rosterBody.safeParse(parseBody(body));
  if (!parsed.success) throw new WireError('SCHEMA', `not a roster: ${z.prettifyError(parsed.error)}`);
  const fault = rosterFault(parsed.data);
  if (fault) throw new WireError('SCHEMA', `roster refused: ${fault}; a corrected roster needs a new hash to compare`);
  return parsed.data;
}

function rosterFault(roster: Roster): string | undefined {
  const { members, epoch, prevRoster } = roster;
  const size = members.length;
  if (!ascending(members.map((m) => m.idx))) return 'members are not in ascending idx';
  if (new Set(members.map((m) => m.tenantRef)).size !== size) return 'a tenantRef appears twice';
  if (new Set(rosterKeys(roster)).size !== 2 * size + 4) return 'two keys are equal';
  if ((epoch === 1) !== (prevRoster === NO_PREVIOUS)) return 'prevRoster is zero exactly in epoch 1';
  if (roster.cNum >= roster.cDen) return 'cNum is not below cDen';
  if (roster.minCohort > size) return 'minCohort exceeds the number of members';
  if (roster.witnessQuorum < quorumOf(size, roster) || roster.witnessQuorum > size)
    return 'witnessQuorum out of bounds';
  // base64url does not keep byte order, so compare the bytes.
  const roots = roster.rootSpki.map((hash) => Buffer.from(fromBase64url(hash)).toString('hex'));
  if (!ascending(roots)) return 'rootSpki is not ascending';
  if (!ascending(roster.suites) || !ascending(roster.modes)) return 'suites or modes are not ascending';
  return undefined;
}

/** Every Ed25519 key of the roster; whatever is not among them does not exist. */
function rosterKeys(roster: Roster): string[] {
  const own = [roster.coordinatorKey, roster.grantKey, roster.reportKey, roster.logKey];
  return [...own, ...roster.members.flatMap((m) => [m.rosterKey, m.witnessKey])];
}

function ascending<T extends number | string>(list: readonly T[]): boolean {
  return list.every((value, i) => i === 0 || list[i - 1]! < value);
}

/**
 * floor((n + floor(n·cNum/cDen))/2) + 1: any two sets of this size share more than c members, hence an honest one. The
 * least witnessQuorum, and the approvals a later epoch needs.
 *
 * @param n number of members, at most 65,535
 */
export function quorumOf(n: number, fraction: { cNum: number; cDen: number }): number {
  return Math.floor((n + Math.floor((n * fraction.cNum) / fraction.cDen)) / 2) + 1;
}

/** SHA-256 of the received body, 32 bytes. */
export function rosterHash(body: Uint8Array): Buffer {
  return sha256(body);
}

/** 16 groups of 4 hex digits, as administrators compare it over another channel. */
export function rosterFingerprint(hash: Uint8Array): string {
  return Buffer.from(hash)
    .toString('hex')
    .replace(/.{4}(?=.)/g, '$& ');
}

export function memberByTenant(roster: Roster, tenantRef: string): RosterMember | undefined {
  return roster.members.find((m) => m.tenantRef === tenantRef);
}
