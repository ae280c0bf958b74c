import type { KeyObject } from 'node:crypto';
import { canonicalBytes, decodeSigned, type Signed, sha256, signBody, verifyBody, WireError } from '@sumveil/wire';
import type { z } from 'zod';
import { refuseUnless, SecaggError } from '../error.ts';
import type { RoundPlan } from '../plan/plan.ts';
import { type Roster, rosterMember } from '../roster/roster.ts';
import { decodeField, parseMessage } from './fields.ts';
import { type List, type ListPhase, listSchema } from './messages.ts';

/** A message whose schema, plan, sender and signature have been checked. */
export interface Accepted<T> {
  readonly idx: number;
  readonly body: T;
  /** exact bytes as received: hashes, lists and evidence are made of them */
  readonly signed: Signed;
  /** SHA-256 of the body, 32 bytes */
  readonly bodyHash: Buffer;
}

/** Plan of the attempt and the roster it names. */
export interface Attempt {
  readonly plan: RoundPlan;
  readonly roster: Roster;
}

/**
 * Opens a tenant's message of this attempt: strict schema, planHash (nothing is replayed from another attempt), sender in
 * the cohort, signature by its roster key.
 *
 * @throws SecaggError `FORMAT` or `REFUSED`
 */
export function openTenantMessage<T extends { planHash: string; idx: number }>(
  type: string,
  schema: z.ZodType<T>,
  { plan, roster }: Attempt,
  signed: Signed,
): Accepted<T> {
  const body = parseMessage(schema, signed.body);
  refuseUnless(decodeField(body.planHash).equals(plan.planHash), `${type} belongs to another plan`);
  refuseUnless(plan.cohort.includes(body.idx), `${type} comes from outside the cohort`);
  const { rosterKey } = rosterMember(roster, body.idx);
  refuseUnless(verifyBody(type, signed, decodeField(rosterKey)), `${type} of ${body.idx} has a bad signature`);
  return { idx: body.idx, body, signed, bodyHash: sha256(signed.body) };
}

/** Opens the coordinator's list of a phase. @throws SecaggError `FORMAT` or `REFUSED` */
export function openList({ plan, roster }: Attempt, phase: ListPhase, signed: Signed): List {
  const list = parseMessage(listSchema, signed.body);
  refuseUnless(decodeField(list.planHash).equals(plan.planHash), 'the list belongs to another plan');
  refuseUnless(list.phase === phase, `the list is of phase ${list.phase}, not ${phase}`);
  refuseUnless(verifyBody('list', signed, decodeField(roster.coordinatorKey)), 'the list has a bad signature');
  return list;
}

/** Wire bytes to one signed message. @throws SecaggError `FORMAT` */
export function fromWire(bytes: Uint8Array): Signed {
  try {
    return decodeSigned(bytes);
  } catch (error) {
    if (error instanceof WireError) throw new SecaggError('FORMAT', error.message);
    throw error;
  }
}

/** Canonical body, signed. The type in the value and in the signature are one. */
export function signMessage<T extends { type: string }>(value: T, key: KeyObject): Signed {
  return signBody(value.type, canonicalBytes(value), key);
}
