import { canonicalBytes, sha256 } from '@sumveil/wire';
import { z } from 'zod';
import { SecaggError } from '../error.ts';
import {
  decodeField,
  hashField,
  idxField,
  isAscending,
  keyField,
  parseMessage,
  schemaFault,
  ZERO_HASH,
} from '../messages/fields.ts';
import { defaultWitnessQuorum } from '../parameters.ts';

const memberSchema = z.strictObject({
  idx: idxField,
  tenantRef: z.string().regex(/^[a-z2-7]{16}$/),
  rosterKey: keyField,
  witnessKey: keyField,
});
export type RosterMember = z.infer<typeof memberSchema>;

const rosterSchema = z.strictObject({
  type: z.literal('roster'),
  v: z.literal(1),
  rosterId: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
  epoch: z.int().min(1),
  prevRoster: hashField,
  members: z.array(memberSchema).min(2).max(1000),
  coordinatorKey: keyField,
  grantKey: keyField,
  reportKey: keyField,
  logOrigin: z.string().min(1).max(255),
  logKey: keyField,
  rootSpki: z.array(hashField).min(1).max(4),
  witnessQuorum: z.int().min(1),
  cNum: z.int().min(0),
  cDen: z.int().min(1),
  minCohort: z.int().min(2),
  suites: z
    .array(z.union([z.literal(1), z.literal(2)]))
    .min(1)
    .max(2),
  modes: z
    .array(z.enum(['complete', 'graph']))
    .min(1)
    .max(2),
});
/** Body of section 3; keys and hashes are base64url as on the wire. */
export type RosterBody = z.infer<typeof rosterSchema>;
/** A checked roster with the hash of the bytes it came from. */
export type Roster = RosterBody & { readonly rosterHash: Buffer };

/** SHA-256 of the body bytes: what administrators compare and pin. */
export function rosterHash(bytes: Uint8Array): Buffer {
  return sha256(bytes);
}

/** The hash as 16 groups of 4 hex digits. */
export function rosterFingerprint(hash: Uint8Array): string {
  return Buffer.from(hash).toString('hex').match(/.{4}/g)!.join(' ');
}

/** @throws SecaggError `ROSTER` */
export function parseRoster(bytes: Uint8Array): Roster {
  let body: RosterBody;
  try {
    body = parseMessage(rosterSchema, bytes);
  } catch (error) {
    throw error instanceof SecaggError ? rosterFault(error.detail) : error;
  }
  checkRoster(body);
  return { ...body, rosterHash: rosterHash(bytes) };
}

/** Canonical bytes of a roster value, after the same checks. @throws SecaggError `ROSTER` */
export function encodeRoster(value: unknown): Buffer {
  const parsed = rosterSchema.safeParse(value);
  if (!parsed.success) throw rosterFault(schemaFault(parsed.error));
  const bytes = canonicalBytes(parsed.data);
  parseRoster(bytes);
  return bytes;
}

/** Members that must approve a new epoch: floor((N+floor(N·cNum/cDen))/2)+1. */
export function rosterQuorum(roster: RosterBody): number {
  return defaultWitnessQuorum(roster.members.length, roster.cNum, roster.cDen);
}

/** @throws SecaggError `ROSTER` when the roster has no such index */
export function rosterMember(roster: RosterBody, idx: number): RosterMember {
  const member = roster.members.find((candidate) => candidate.idx === idx);
  if (member === undefined) throw rosterFault(`there is no member ${idx}`);
  return member;
}

export function rosterFault(detail: string): SecaggError {
  return new SecaggError('ROSTER', `The roster is refused: ${detail}.`);
}

function checkRoster(roster: RosterBody): void {
  const { members, epoch, prevRoster, rootSpki, witnessQuorum, minCohort } = roster;
  if (!isAscending(members.map((member) => member.idx))) throw rosterFault('member indices are not ascending');
  if (!isDistinct(members.map((member) => member.tenantRef))) throw rosterFault('a tenantRef stands in two rows');
  if (!isDistinct(allKeys(roster))) throw rosterFault('one key stands in two places');
  if ((epoch === 1) !== (prevRoster === ZERO_HASH)) throw rosterFault('only epoch 1 has no predecessor');
  if (!rootSpki.every((spki, i) => i === 0 || isBelow(rootSpki[i - 1]!, spki))) {
    throw rosterFault('rootSpki is not ascending and distinct');
  }
  if (roster.cNum >= roster.cDen) throw rosterFault('cNum/cDen is not below 1');
  const least = rosterQuorum(roster);
  if (witnessQuorum < least || witnessQuorum > members.length) {
    throw rosterFault(`witnessQuorum is outside ${least}..${members.length}`);
  }
  if (minCohort > members.length) throw rosterFault('minCohort exceeds the number of members');
  if (!isAscending(roster.suites)) throw rosterFault('suites are not ascending');
  if (roster.modes.length === 2 && roster.modes[0] !== 'complete') throw rosterFault('modes are not ascending');
  if (isDistinct(roster.modes) === false) throw rosterFault('a mode is listed twice');
}

function allKeys(roster: RosterBody): string[] {
  const { coordinatorKey, grantKey, reportKey, logKey, members } = roster;
  return [coordinatorKey, grantKey, reportKey, logKey, ...members.flatMap((m) => [m.rosterKey, m.witnessKey])];
}

function isDistinct(list: readonly string[]): boolean {
  return new Set(list).size === list.length;
}

/** Order of the bytes, not of the base64url text. */
function isBelow(a: string, b: string): boolean {
  return Buffer.compare(decodeField(a), decodeField(b)) < 0;
}
